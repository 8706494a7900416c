// SPDX-License-Identifier: GPL-2.0-or-later
// The traffic mode, from what the classes carried and from the event of an urgent packet. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/words.hpp"

namespace ebb {

// Packets since the last reading of the counters. Those of background classes decide nothing.
struct Traffic {
  std::uint64_t urgent = 0;           // of urgent classes
  std::uint64_t bulk = 0;             // of the busiest bulk class
  std::chrono::milliseconds time{0};  // between the readings
};

struct ModeMemory {
  TrafficMode mode = TrafficMode::quiet;
  std::optional<std::chrono::milliseconds> urgent;  // when an urgent packet was last seen
  bool operator==(const ModeMemory&) const = default;
};

// Interactive ends when no urgent packet was seen for so long: two intervals of the default length, so that
// requests a few seconds apart are one session, and at most one session begins in this time.
inline constexpr std::chrono::milliseconds interactive_quiet{10'000};
// Packets per second of a class: bulk begins above the first and ends below the second.
inline constexpr std::uint64_t bulk_begins = 1000, bulk_ends = 500;
// Counters that are closer together say nothing about a rate.
inline constexpr std::chrono::milliseconds shortest_rate{100};

// Interactive while an urgent class is active; else bulk while a bulk class is above its rate; else quiet.
ModeMemory decide_mode(const ModeMemory& memory, const Traffic& traffic, std::chrono::milliseconds now);

// The data plane has just seen the first urgent packet after quiet.
ModeMemory urgent_seen(ModeMemory memory, std::chrono::milliseconds now);

}  // namespace ebb
