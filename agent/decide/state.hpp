// SPDX-License-Identifier: GPL-2.0-or-later
// The power state. Pure: the same rules, memory and input give the same answer.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/words.hpp"
#include "config/config.hpp"
#include "sense/sample.hpp"

namespace ebb {

// What the decision remembers between samples.
struct StateMemory {
  PowerState state = PowerState::balanced;
  bool decided = false;                       // false until the first decision, which needs no dwell
  std::chrono::milliseconds since{0};         // monotonic time of the last change
  std::string rule = "default";               // the rule that decided: "power-saver.enter", "default", ...
  std::map<std::string, std::string> values;  // sensor -> value as text, at the last change
  std::uint64_t changes = 0;
  std::uint64_t flaps = 0;               // changes that the dwell time suppressed, one per wish
  std::optional<PowerState> suppressed;  // the wish that is being held back now
};

// The next memory. States are asked from the most saving one down: critical, power-saver, performance; none:
// balanced. A state that is in force stays until its `leave` holds; an unknown value keeps the state as it
// is. A change from A to B waits until both dwell times have passed since the last change; into critical it
// never waits. The dwell time of a state without a table is zero. The first call decides at once and is no
// change.
StateMemory decide_state(const std::array<StateRules, 4>& rules, const StateMemory& memory,
                         const Sample& sample, std::chrono::milliseconds now);

}  // namespace ebb
