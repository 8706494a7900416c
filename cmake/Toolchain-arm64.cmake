# SPDX-License-Identifier: GPL-2.0-or-later
# Cross build for arm64 on Debian, without multiarch: Debian's cross compiler, and the target's libraries as
# `sh tools/fetch-foreign arm64` unpacked them.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)

cmake_host_system_information(RESULT ebb_suite QUERY DISTRIB_VERSION_CODENAME)
set(ebb_cache $ENV{XDG_CACHE_HOME})
if(NOT ebb_cache)
  set(ebb_cache $ENV{HOME}/.cache)
endif()
set(EBB_FOREIGN_ROOT ${ebb_cache}/ebb/foreign/${ebb_suite}-arm64)
if(NOT EXISTS ${EBB_FOREIGN_ROOT}/usr)
  message(FATAL_ERROR "No arm64 libraries in ${EBB_FOREIGN_ROOT}. Run: sh tools/fetch-foreign arm64")
endif()

set(CMAKE_FIND_ROOT_PATH ${EBB_FOREIGN_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
# Debian's cross compiler searches /usr/include too: header-only libraries are those of the build machine.
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${EBB_FOREIGN_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${EBB_FOREIGN_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig)
