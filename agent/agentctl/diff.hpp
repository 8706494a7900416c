// SPDX-License-Identifier: GPL-2.0-or-later
// The difference of two texts, by diff(1).
#pragma once

#include <string>

#include "base/result.hpp"

namespace ebb {

struct Labelled {
  std::string label, text;
};

// Prints a unified diff to standard output. False: they are the same, and nothing is printed.
Result<bool> print_diff(const Labelled& before, const Labelled& after, bool colour);

}  // namespace ebb
