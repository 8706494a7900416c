# SPDX-License-Identifier: GPL-2.0-or-later
# Options, and ebb_settings: what every target is compiled with.
option(EBB_TESTS "Build the tests and the proofs" ON)
option(EBB_FUZZ "Build the fuzzers instead of the tests (clang)" OFF)
option(EBB_STATIC "Link statically: one file runs on any machine" OFF)
set(EBB_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
set(EBB_BPF_CLANG "" CACHE FILEPATH "clang for the BPF objects (default: the newest that is installed)")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
include(GNUInstallDirs)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(ebb_settings INTERFACE)
target_include_directories(ebb_settings INTERFACE ${CMAKE_SOURCE_DIR}/agent ${CMAKE_SOURCE_DIR}/bpf)
target_compile_definitions(ebb_settings INTERFACE EBB_VERSION="${PROJECT_VERSION}")
target_compile_options(ebb_settings INTERFACE -ffunction-sections -fdata-sections)
target_link_options(ebb_settings INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)
if(EBB_SANITIZE)
  target_compile_options(ebb_settings INTERFACE -fsanitize=${EBB_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(ebb_settings INTERFACE -fsanitize=${EBB_SANITIZE})
endif()

# ebb_library(NAME SOURCES... LINK targets...): a static library of one folder of agent/.
function(ebb_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_link_libraries(${name} PUBLIC ebb_settings tl_expected ${A_LINK} PRIVATE ebb_warnings ${A_PRIVATE})
endfunction()

# ebb_program(NAME SOURCES... LINK targets...): an executable in build/bin.
function(ebb_program name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ebb_settings ebb_warnings tl_expected ${A_LINK})
endfunction()
