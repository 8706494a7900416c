// SPDX-License-Identifier: GPL-2.0-or-later
// Memory that only a start needs.
#pragma once

namespace ebb {

// Freed blocks go back to the system at once: glibc's own limit grows with what was freed (a bank of a policy
// has 371 KiB), and would keep 1 MiB for the rest of the process's life. Before the first of them.
void keep_heap_small();

// Free heap goes back, and read-only pages of the program and its libraries are unmapped: most were needed
// once. The kernel maps again what is used, out of its cache.
void give_back_memory();

}  // namespace ebb
