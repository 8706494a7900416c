// SPDX-License-Identifier: GPL-2.0-or-later
// The knobs of a plan: which value each setting of the machine should have now.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "act/apply.hpp"
#include "agentd/interfaces.hpp"
#include "base/cpumask.hpp"
#include "decide/echo.hpp"
#include "decide/plan.hpp"

namespace ebb {

using Settings = std::map<std::string, std::string>;  // knob id -> value

// The RPS mask of every receive queue of the interfaces that are steered by RPS; empty mask: nothing.
Settings steering_knobs(const std::vector<Interface>& interfaces, const CpuMask& mask);

// Files of every cpufreq policy, and gro_flush_timeout with napi_defer_hard_irqs of the interfaces that carry
// Ebb's program: both, since either alone does nothing (EVIDENCE: 9931 polls a second with the first only).
Settings plan_knobs(const Plan& plan, const std::vector<Interface>& interfaces);

// Of the knobs, the cpufreq limits that are in force.
OwnLimits limits_in_force(const std::vector<KnobReport>& knobs);

// [{id, current, wanted}]; nothing is written. current is null where it cannot be read.
nlohmann::json preview(const Settings& settings, const KnobMaker& maker = knob_from_id);

}  // namespace ebb
