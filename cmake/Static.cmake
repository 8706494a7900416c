# SPDX-License-Identifier: GPL-2.0-or-later
# EBB_STATIC: programs that need nothing of the machine they run on, as static-pie.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(PKG_CONFIG_ARGN --static)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_link_options(ebb_settings INTERFACE -static-pie)

# Debian has no static spdlog and fmt, and CMake finds spdlog only where its shared library is: use the headers.
find_path(SPDLOG_DIR spdlog/spdlog.h REQUIRED)
add_library(spdlog::spdlog INTERFACE IMPORTED)
target_compile_definitions(spdlog::spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)

# Debian 13's libelf.a lacks two functions (sourceware PR32293).
add_library(ebb_libelf_gap STATIC ${CMAKE_CURRENT_LIST_DIR}/libelf_gap.c)
