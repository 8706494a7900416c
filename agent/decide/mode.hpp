// SPDX-License-Identifier: GPL-2.0-or-later
// The traffic mode, from what the classes carried since the last sample. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/words.hpp"

namespace ebb {

struct Traffic {
  std::uint64_t urgent = 0;  // packets of urgent classes in the interval
  std::uint64_t bulk = 0;    // packets of the busiest bulk class in the interval
};

// bulk: a bulk class above 1000 packets/s; interactive: any urgent packet; else quiet. Urgent wins.
TrafficMode decide_mode(const Traffic& traffic, std::chrono::milliseconds interval);

}  // namespace ebb
