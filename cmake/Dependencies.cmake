# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries of the distribution (Debian 12 and 13); nothing is downloaded.
if(EBB_STATIC)
  include(Static)
else()
  find_package(spdlog REQUIRED)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(BPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
pkg_check_modules(XDP REQUIRED IMPORTED_TARGET libxdp>=1.3)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
if(EBB_STATIC)
  target_link_libraries(PkgConfig::BPF INTERFACE ebb_libelf_gap)
endif()
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

# Debian's tomlplusplus.pc means a shared library with exceptions: use the headers only.
find_path(TOMLPP_DIR toml++/toml.h REQUIRED)
add_library(tomlpp INTERFACE)
target_compile_definitions(tomlpp INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0 TOML_ENABLE_FORMATTERS=0)

find_path(TL_EXPECTED_DIR tl/expected.hpp REQUIRED)
add_library(tl_expected INTERFACE)

# -isystem /usr/include would break libstdc++'s #include_next.
foreach(pair tomlpp:${TOMLPP_DIR} tl_expected:${TL_EXPECTED_DIR})
  string(REGEX MATCH "^([^:]+):(.+)$" _ ${pair})
  if(NOT CMAKE_MATCH_2 STREQUAL "/usr/include")
    target_include_directories(${CMAKE_MATCH_1} SYSTEM INTERFACE ${CMAKE_MATCH_2})
  endif()
endforeach()

if(EBB_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  find_package(benchmark REQUIRED)
endif()
