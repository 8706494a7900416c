// SPDX-License-Identifier: GPL-2.0-or-later
// Do not wake what you save: some files of x86 are registers of one CPU, and a read on another CPU interrupts
// that one.
#pragma once

#include "sense/tree.hpp"

namespace ebb {

// Whether reading a register of this package from here interrupts another CPU than the one that runs. The
// drivers read on the package's first CPU that is online.
bool wakes_package(Tree& tree, unsigned package);

}  // namespace ebb
