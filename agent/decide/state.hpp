// SPDX-License-Identifier: GPL-2.0-or-later
// The power state. Pure: the same rules, memory and input give the same answer.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/words.hpp"
#include "config/config.hpp"
#include "decide/conditions.hpp"
#include "decide/echo.hpp"
#include "decide/hold.hpp"
#include "sense/sample.hpp"

namespace ebb {

using States = std::array<StateRules, 4>;  // by PowerState

// Since when a rule holds without a break; nothing: it does not. And whether it has entered.
struct Latch {
  std::optional<std::chrono::milliseconds> since;
  bool on = false;  // of a rule of `enter`: from its entering to its leaving
  bool operator==(const Latch&) const = default;
};

struct StateLatches {
  std::vector<Latch> enter, leave;  // as in StateRules
  bool operator==(const StateLatches&) const = default;
};

// What the decision remembers between samples.
struct StateMemory {
  PowerState state = PowerState::balanced;
  bool decided = false;                // false until the first decision, which needs no dwell
  std::chrono::milliseconds since{0};  // of the state
  // What decides: "power-saver.enter" ("power-saver.enter[2]" of several), "power-saver.leave" (of the state
  // before, and no other rule), "hold", "default".
  std::string rule = "default";
  Tier tier = Tier::fallback;                 // of that rule
  std::optional<std::size_t> entry;           // where in `enter` of the state the rule stands
  std::map<std::string, std::string> values;  // sensor -> value as text, when the rule began to decide
  std::uint64_t changes = 0;
  std::uint64_t flaps = 0;               // changes that the dwell time suppressed, one per wish
  std::optional<PowerState> suppressed;  // the wish that is being held back now, by dwell or for an unknown
  std::array<StateLatches, 4> latches;   // by PowerState
  std::optional<double> tight;           // percent of the hardware maximum: a cap that was left for load
  std::optional<std::pair<std::string, PowerState>> hold;  // the last one that was seen: id, state
  bool operator==(const StateMemory&) const = default;
};

struct StateInput {
  const Sample& sample;
  OwnLimits limits = {};
  const Hold* hold = nullptr;     // strongest()
  std::chrono::milliseconds now;  // CLOCK_BOOTTIME
};

// The next memory.
// * A rule of `enter` begins when all its conditions have held for its `for`, and lasts until a rule of
//   `leave` that names one of its sensors has held for its own `for`; where there is none, until it does not
//   hold any more. An unknown value is neither.
// * Of the rules that last, and the hold, the one of the highest tier decides; of equals the state that saves
//   most; of those the first. None: balanced.
// * A change from A to B waits until the dwell times of both have passed since the last change. It does not
//   wait into critical, nor where the hold is another one than before (set, released, expired). The dwell
//   time of a state without a table is zero. The first call decides at once and is no change.
// * A change that was held back is not made while the rule that asks for it, or the one that was left, is
//   unknown.
// * Echo: see echo.hpp. A rule on a low frequency that was left for load does not begin again before the work
//   would fit under the cap that was too tight.
StateMemory decide_state(const States& rules, const StateMemory& memory, const StateInput& input);

// "power-saver.enter, frequency 50 %": the rule that decides, and what it saw.
std::string because(const StateMemory& memory);

// The memory for other rules: what lasts of a rule that is the same before and after.
StateMemory carried_over(const States& before, const States& after, StateMemory memory);

// How `memory` and `input` make a condition look.
View view_of(const StateMemory& memory, const StateInput& input);

// Whether `leave` ends a rule of `enter`: they name the same sensor.
bool ends(const StateRule& leave, const StateRule& enter);

Tier tier_of(const StateRule& rule, PowerState state);

// "power-saver.enter", or "power-saver.enter[2]" of several.
std::string rule_name(PowerState state, const char* key, std::size_t i, std::size_t count);

// The least time between the last change and a change from the one into the other.
std::chrono::milliseconds dwell_between(const States& rules, PowerState a, PowerState b);

}  // namespace ebb
