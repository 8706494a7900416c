// SPDX-License-Identifier: GPL-2.0-or-later
// Hold: the request of a person or a program for a power state, with a reason and an end. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/words.hpp"

namespace ebb {

struct Hold {
  std::string id;
  PowerState state = PowerState::balanced;
  std::string reason, who;
  std::chrono::milliseconds until{0};  // CLOCK_BOOTTIME: goes on in a suspend, knows no clock jumps
  bool operator==(const Hold&) const = default;
};

// In force: `now` is before its end.
bool in_force(const Hold& hold, std::chrono::milliseconds now);

// Of the holds in force the one that saves most; of equals the one that ends last, of those the first.
// nullptr: none is in force.
const Hold* strongest(const std::vector<Hold>& holds, std::chrono::milliseconds now);

}  // namespace ebb
