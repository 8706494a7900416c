// SPDX-License-Identifier: GPL-2.0-or-later
// What a plan asks of the machine, by power state and traffic mode: [plan.STATE.MODE].
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "base/words.hpp"

namespace ebb {

// "1.8GHz", "60%" of a policy's hardware maximum.
struct FrequencyLimit {
  bool relative = false;
  double value = 0;  // percent, above 0 and at most 100, or kHz
  std::string text;  // as written
  bool operator==(const FrequencyLimit&) const = default;
};

// What is not set is left alone.
struct PlanCell {
  std::optional<FrequencyLimit> min, max;               // of every cpufreq policy, clipped to its hardware
  std::string governor, preference;                     // scaling_governor, energy_performance_preference
  std::optional<std::chrono::microseconds> moderation;  // batch window of the interfaces: gro_flush_timeout
  bool operator==(const PlanCell&) const = default;
};

using PlanTable = std::array<std::array<PlanCell, 3>, 4>;  // by PowerState and TrafficMode

inline PlanCell& cell(PlanTable& table, PowerState state, TrafficMode mode) {
  return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(mode)];
}
inline const PlanCell& cell(const PlanTable& table, PowerState state, TrafficMode mode) {
  return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(mode)];
}

// The plan of a configuration that names none (DESIGN 4.2).
//   bulk: batches of 200 us, which cost a stream no throughput and halve the polls (measured: 9966 -> 4410 a
//     second at 115 us of latency), and at least 1.8 GHz, so that the work is over soon. In `critical` heat
//     or the battery has the word: larger batches, and no floor.
//   quiet in power-saver and critical: nothing is waited for, so 2 ms batches (-94 % of the idle exits) and
//     at most 600 MHz.
//   interactive, and quiet in performance and balanced: left alone; there each batch is somebody's latency.
PlanTable default_plan();

// What a class asks of the frequency while it is active: urgent and bulk classes a floor, background classes
// a ceiling, which counts while nothing but background is on the wire.
struct GovernorWish {
  std::optional<FrequencyLimit> min, max;  // one of them, or neither
  bool operator==(const GovernorWish&) const = default;
};

}  // namespace ebb
