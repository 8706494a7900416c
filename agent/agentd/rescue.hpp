// SPDX-License-Identifier: GPL-2.0-or-later
// Undoing everything Ebb did to the machine, without an agent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "act/apply.hpp"
#include "base/result.hpp"

namespace ebb {

struct Rescue {
  std::vector<KnobReport> knobs;     // what happened to each journalled knob
  std::vector<std::string> removed;  // programs detached and pins removed, in words
};

enum class RescueScope : std::uint8_t {
  everything,  // inert, every knob restored, programs detached, pins removed, of every ABI
  knobs,       // inert, every knob restored; programs and counters stay for the next start to adopt
};

// `agentctl restore` and ExecStopPost=. Refuses while an agent runs. Doing it twice is the same as doing it
// once.
Result<Rescue> rescue_machine(RescueScope scope);

}  // namespace ebb
