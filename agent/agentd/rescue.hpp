// SPDX-License-Identifier: GPL-2.0-or-later
// Undoing everything Ebb did to the machine, without an agent.
#pragma once

#include <string>
#include <vector>

#include "act/apply.hpp"
#include "base/result.hpp"

namespace ebb {

struct Rescue {
  std::vector<KnobReport> knobs;     // what happened to each journalled knob
  std::vector<std::string> removed;  // programs detached and pins removed, in words
};

// `agentctl restore` and ExecStopPost=: makes the data plane inert, restores every knob, detaches Ebb's
// programs and removes its pins, of every ABI. Refuses while an agent runs. Doing it twice is the same as
// doing it once.
Result<Rescue> rescue_machine();

}  // namespace ebb
