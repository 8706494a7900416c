// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ebb {
namespace {

int unmap_read_only(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<ElfW(Addr)>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W)) continue;  // relocated data is nowhere else
    const auto begin = (object->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const auto end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // a saving only: may fail
  }
  return 0;
}

}  // namespace

void keep_heap_small() { mallopt(M_TRIM_THRESHOLD, 128 * 1024); }

void give_back_memory() {
  malloc_trim(0);
  dl_iterate_phdr(unmap_read_only, nullptr);
}

}  // namespace ebb
