// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/state.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ebb {
namespace {

using std::chrono::milliseconds;
using Rules = std::array<StateRules, 4>;

struct Wish {
  PowerState state;
  std::string rule;
};

const StateRules& rules_of(const Rules& rules, PowerState state) {
  return rules[static_cast<std::size_t>(state)];
}

// An unknown frequency meets no threshold.
bool holds(const Threshold& threshold, const std::optional<Frequency>& frequency) {
  if (!frequency) return false;
  const double value = threshold.relative ? frequency->percent : frequency->kilohertz;
  return threshold.below ? value < threshold.value : value > threshold.value;
}

bool enters(const StateRules& rules, const std::optional<Frequency>& frequency) {
  return rules.enter && holds(*rules.enter, frequency);
}

// A state that nothing can enter (any more) is left.
bool leaves(const StateRules& rules, const std::optional<Frequency>& frequency) {
  if (rules.leave) return holds(*rules.leave, frequency);
  return !rules.enter || (frequency && !holds(*rules.enter, frequency));
}

// What the sensors ask for, whatever the dwell times say.
Wish wish(const Rules& rules, const StateMemory& memory, const std::optional<Frequency>& frequency) {
  std::string fallback = "default";
  for (const auto state : {PowerState::critical, PowerState::power_saver, PowerState::performance}) {
    const StateRules& own = rules_of(rules, state);
    if (memory.decided && memory.state == state) {
      if (!leaves(own, frequency)) return {state, memory.rule};
      fallback = std::string(word(state)) + ".leave";
    } else if (enters(own, frequency)) {
      return {state, std::string(word(state)) + ".enter"};
    }
  }
  return {PowerState::balanced, fallback};
}

milliseconds dwell(const StateRules& rules) { return rules.configured ? rules.dwell : milliseconds{0}; }

// "50 %", "33.3 %"
std::string percent_text(const std::optional<Frequency>& frequency) {
  if (!frequency) return "unknown";
  char text[32];
  std::snprintf(text, sizeof text, "%.10g %%", std::round(frequency->percent * 10) / 10);
  return text;
}

}  // namespace

StateMemory decide_state(const Rules& rules, const StateMemory& memory, const Sample& sample,
                         milliseconds now) {
  const Wish next = wish(rules, memory, sample.frequency);
  StateMemory after = memory;
  after.suppressed.reset();
  if (memory.decided && next.state == memory.state) return after;

  const auto wait = std::max(dwell(rules_of(rules, memory.state)), dwell(rules_of(rules, next.state)));
  if (memory.decided && next.state != PowerState::critical && now - memory.since < wait) {
    if (memory.suppressed != next.state) ++after.flaps;
    after.suppressed = next.state;
    return after;
  }
  after.state = next.state;
  after.rule = next.rule;
  after.values = {{"frequency", percent_text(sample.frequency)}};
  after.since = now;
  if (memory.decided) ++after.changes;
  after.decided = true;
  return after;
}

}  // namespace ebb
