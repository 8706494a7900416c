// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of prove-answers (answers.cpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "prober.hpp"

namespace ebb::test {

struct Post {  // of one pair
  const Site& site;
  Prober prober;
  Witness witness;
};

struct Results {
  unsigned compared = 0, by_hook = 0, silent = 0, failures = 0;
  double removal_p99 = 0, removal_max = 0, bystander_p99 = 0;  // ms
  double minutes = 0;
  std::uint64_t pings = 0, lost = 0, leaked = 0;  // leaked: requests of the ten minutes that the stack saw

  void wrong(const std::string& what);
};

inline constexpr unsigned removals = 1000;

// removals.cpp: addresses are removed while they are asked for. Fills removal_* and bystander_p99.
void remove_often(const std::vector<Post>& posts, Results& results);

// health.cpp: real pings and real neighbour entries for EBB_MINUTES (10), while the hook answers. Fills the
// last two lines.
void stay_healthy(const Lab& lab, const std::vector<Post>& posts, Results& results);

}  // namespace ebb::test
