# SPDX-License-Identifier: GPL-2.0-or-later
# ebb_bpf_object(NAME SOURCE [CLANG path] [FOLDER dir]): compiles SOURCE for BPF.
#   -> <build>/bpf/NAME.bpf.o, and the interface target NAME_skel with NAME.skel.h.
if(NOT EBB_BPF_CLANG)
  find_program(EBB_BPF_CLANG_FOUND NAMES clang-19 clang-18 clang-17 clang-16 clang-15 clang clang-14 REQUIRED)
  set(EBB_BPF_CLANG ${EBB_BPF_CLANG_FOUND})
endif()
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /usr/local/sbin REQUIRED)

# __TARGET_ARCH_xxx follows the target, not the machine that builds.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  set(EBB_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(EBB_BPF_ARCH arm64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
  set(EBB_BPF_ARCH arm)
else()
  set(EBB_BPF_ARCH ${CMAKE_SYSTEM_PROCESSOR})
endif()

# asm/types.h of the target: multiarch headers, or the copy of Debian's cross compiler.
set(EBB_BPF_INCLUDES)
foreach(dir /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} /usr/${CMAKE_LIBRARY_ARCHITECTURE}/include)
  if(EXISTS ${dir}/asm/types.h)
    list(APPEND EBB_BPF_INCLUDES -idirafter ${dir})
    break()
  endif()
endforeach()

function(ebb_bpf_object name source)
  cmake_parse_arguments(A "" "CLANG;FOLDER" "" ${ARGN})
  if(NOT A_CLANG)
    set(A_CLANG ${EBB_BPF_CLANG})
  endif()
  if(NOT A_FOLDER)
    set(A_FOLDER ${CMAKE_BINARY_DIR}/bpf)
  endif()
  get_filename_component(source ${source} ABSOLUTE)
  set(object ${A_FOLDER}/${name}.bpf.o)
  set(skeleton ${A_FOLDER}/${name}.skel.h)
  file(MAKE_DIRECTORY ${A_FOLDER})
  add_custom_command(OUTPUT ${object}
    COMMAND ${A_CLANG} -target bpf -mcpu=v3 -D__TARGET_ARCH_${EBB_BPF_ARCH} -O2 -g
            -Wall -Wextra -Werror -fno-stack-protector -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
            -I${CMAKE_SOURCE_DIR}/bpf ${EBB_BPF_INCLUDES} -MD -MT ${object} -MF ${object}.d
            -c ${source} -o ${object}.tmp
    COMMAND ${BPFTOOL} gen object ${object} ${object}.tmp # links and drops DWARF, keeps BTF
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM COMMENT "BPF ${name}.bpf.o")
  add_custom_command(OUTPUT ${skeleton}
    COMMAND sh -c "'${BPFTOOL}' gen skeleton '${object}' name ${name}_bpf > '${skeleton}.tmp' && mv '${skeleton}.tmp' '${skeleton}'"
    DEPENDS ${object} VERBATIM COMMENT "skeleton ${name}.skel.h")
  string(MAKE_C_IDENTIFIER ${A_FOLDER} folder_id)
  set(generate ${name}_skel_${folder_id})
  add_custom_target(${generate} ALL DEPENDS ${skeleton})
  if(NOT TARGET ${name}_skel)
    add_library(${name}_skel INTERFACE)
    add_dependencies(${name}_skel ${generate})
    target_include_directories(${name}_skel SYSTEM INTERFACE ${A_FOLDER})
  endif()
endfunction()
