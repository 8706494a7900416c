// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/plan.hpp"

#include <algorithm>
#include <cmath>

namespace ebb {
namespace {

// In kHz, within what the hardware can do; nothing: its limits are unknown.
std::optional<std::uint64_t> on_board(const std::optional<FrequencyLimit>& limit,
                                      const CpufreqPolicy& policy) {
  if (!limit || !policy.hardware_min || !policy.hardware_max || *policy.hardware_min > *policy.hardware_max)
    return std::nullopt;
  const double top = static_cast<double>(*policy.hardware_max);
  const double wanted = limit->relative ? top * limit->value / 100 : limit->value;
  return std::clamp(static_cast<std::uint64_t>(std::llround(wanted)), *policy.hardware_min,
                    *policy.hardware_max);
}

PolicyPlan plan_policy(const PlanCell& cell, const CpufreqPolicy& policy,
                       const std::vector<GovernorWish>& wishes, bool floors, bool ceilings) {
  std::optional<std::uint64_t> floor, ceiling;  // of the classes
  for (const auto& wish : wishes) {
    if (const auto min = on_board(wish.min, policy); min && floors) floor = std::max(floor.value_or(0), *min);
    if (const auto max = on_board(wish.max, policy); max && ceilings)
      ceiling = std::min(ceiling.value_or(*max), *max);
  }
  PolicyPlan plan{policy.name, on_board(cell.min, policy), on_board(cell.max, policy)};
  if (ceiling) plan.max = std::min(plan.max.value_or(*ceiling), *ceiling);
  if (floor) plan.min = std::max(plan.min.value_or(0), *floor);
  if (plan.min && plan.max && *plan.min > *plan.max) {
    if (ceiling && !floor)
      plan.min = plan.max;
    else
      plan.max = plan.min;
  }
  if (plan.min && *plan.min <= *policy.hardware_min) plan.min.reset();
  if (plan.max && *plan.max >= *policy.hardware_max) plan.max.reset();
  return plan;
}

}  // namespace

Plan plan_for(PowerState state, TrafficMode mode, const PlanTable& table, const Board& board,
              const std::vector<GovernorWish>& wishes) {
  const PlanCell& own = cell(table, state, mode);
  Plan plan{{}, own.governor, own.preference, own.moderation};
  for (const auto& policy : board)
    plan.policies.push_back(
        plan_policy(own, policy, wishes, state != PowerState::critical, mode == TrafficMode::quiet));
  return plan;
}

}  // namespace ebb
