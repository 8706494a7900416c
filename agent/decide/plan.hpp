// SPDX-License-Identifier: GPL-2.0-or-later
// Plan: the whole wanted setting of the machine, from power state and traffic mode. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.hpp"
#include "config/plan.hpp"
#include "sense/sample.hpp"

namespace ebb {

using Board = std::vector<CpufreqPolicy>;  // Sample::policies: their names and hardware limits count

struct PolicyPlan {
  std::string name;  // "policy0"
  std::optional<std::uint64_t> min,
      max;  // kHz, within the hardware's limits; min <= max; nothing: left alone
  bool operator==(const PolicyPlan&) const = default;
};

struct Plan {
  std::vector<PolicyPlan> policies;                     // those of the board, in its order
  std::string governor, preference;                     // of every policy; "": left alone
  std::optional<std::chrono::microseconds> moderation;  // of Ebb's interfaces; nothing: left alone
  bool operator==(const Plan&) const = default;
};

// The cell of `state` and `mode`, on this board. `wishes` are those of the classes that are active now: the
// highest floor counts unless the state is critical, and in the mode `quiet` the lowest ceiling. Where a
// floor and a ceiling meet, what a class asks for beats the table, and a floor beats a ceiling. A limit on a
// policy whose hardware limits are unknown is left out, and so is one that would limit nothing.
Plan plan_for(PowerState state, TrafficMode mode, const PlanTable& table, const Board& board,
              const std::vector<GovernorWish>& wishes = {});

}  // namespace ebb
