// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for every input; libFuzzer keeps the input that breaks it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace ebb {

inline void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "BROKEN: %s\n", what.c_str());
  std::abort();
}

}  // namespace ebb
