// SPDX-License-Identifier: GPL-2.0-or-later
// The knobs of a plan: which value each setting of the machine should have now.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agentd/interfaces.hpp"
#include "base/cpumask.hpp"

namespace ebb {

// Knob id -> value. The RPS mask of every receive queue of the interfaces that are steered by RPS; empty
// mask: nothing.
std::map<std::string, std::string> plan_knobs(const std::vector<Interface>& interfaces, const CpuMask& mask);

}  // namespace ebb
