// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of this program compared, for its last line.
#pragma once

#include <cstdint>

namespace ebb::test {

struct Figures {
  std::uint64_t rows = 0;    // of the table
  std::uint64_t values = 0;  // of a field, through the kernel
  std::uint64_t random = 0;  // policies with frames
  std::uint64_t runs = 0;    // of a program: each one compared action, bytes and all counters
  std::uint64_t mismatches = 0;
};

inline Figures figures;

}  // namespace ebb::test
