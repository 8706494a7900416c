// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/hold.hpp"

#include <tuple>

namespace ebb {

bool in_force(const Hold& hold, std::chrono::milliseconds now) { return now < hold.until; }

// The states are numbered from performance to critical: a greater one saves more.
const Hold* strongest(const std::vector<Hold>& holds, std::chrono::milliseconds now) {
  const Hold* best = nullptr;
  for (const Hold& hold : holds)
    if (in_force(hold, now) &&
        (!best || std::tie(best->state, best->until) < std::tie(hold.state, hold.until)))
      best = &hold;
  return best;
}

}  // namespace ebb
