// SPDX-License-Identifier: GPL-2.0-or-later
// Outlook: why the state is what it is, and what would have to change for another one. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "decide/state.hpp"

namespace ebb {

// A condition, and how far the machine is from it.
struct Need {
  Sensor sensor = Sensor::frequency;
  std::string wanted;  // "< 50%", "offline"
  std::string now;     // value_text()
  Truth holds = Truth::unknown;
  std::optional<double> away = {};  // how far the value is from it; nothing: it holds, is unknown or a word
  std::string unit = {};            // of `away`: "%", "kHz", "C", "W"; "": a plain number
  std::string reason = {};          // why it counts as unknown; ""
};

// One way to enter a state, or to leave the one that is in force.
struct Way {
  std::string rule;  // "power-saver.enter[2]", "power-saver.leave", "power-saver.enter ends"
  Tier tier = Tier::load;
  std::vector<Need> needs = {};            // all of them
  std::chrono::milliseconds hold_for{0};   // how long they must hold
  std::chrono::milliseconds remaining{0};  // of that, at the time of the outlook
  bool outranked = false;                  // a rule of a higher tier, or a hold, would still decide
};

struct Prospect {
  PowerState state = PowerState::balanced;
  std::vector<Way> ways = {};  // any of them; empty: no rule leads there
};

struct Outlook {
  std::vector<Way> leaving = {};            // how the rule that decides would end
  std::vector<Prospect> others = {};        // the three other states, the most saving first
  std::optional<PowerState> waiting = {};   // wished for, held back by the dwell time
  std::chrono::milliseconds dwell_left{0};  // until it would be taken
  std::optional<OwnLimit> self_cap = {};    // the frequency is a lower bound
  std::optional<OwnLimit> self_floor = {};  // an upper bound
};

// After decide_state() gave `memory` for this input.
Outlook outlook(const States& rules, const StateMemory& memory, const StateInput& input);

}  // namespace ebb
