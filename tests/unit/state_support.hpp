// SPDX-License-Identifier: GPL-2.0-or-later
// The usual rules of the power state, and a machine that is fed samples.
#pragma once

#include <stdexcept>

#include "decide/state.hpp"

namespace ebb::test {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using enum PowerState;

using Rules = std::vector<StateRule>;

inline StateRule rule(std::string_view sensor, bool below, double value, milliseconds hold_for = 0ms) {
  for (std::size_t i = 0; i < sensor_kinds.size(); ++i)
    if (sensor_kinds[i].name == sensor)
      return {{{static_cast<Sensor>(i), below, false, value, ""}}, hold_for, ""};
  throw std::invalid_argument("no such sensor");
}
inline Rules below(double percent) { return {rule("frequency", true, percent)}; }
inline Rules above(double percent) { return {rule("frequency", false, percent)}; }
inline StateRule mains(const char* word) { return {{{.sensor = Sensor::mains, .text = word}}, 0ms, ""}; }

// Both at once.
inline StateRule both(StateRule a, const StateRule& b) {
  a.when.insert(a.when.end(), b.when.begin(), b.when.end());
  return a;
}

inline StateRules& of(States& rules, PowerState state) { return rules[static_cast<std::size_t>(state)]; }

// critical < 10 % (left > 20), power-saver < 50 (left > 60), performance > 90 (left < 80); dwell 15 s each.
inline States usual() {
  States rules;
  for (auto& each : rules) each = {.configured = true, .enter = {}, .leave = {}, .dwell = 15s, .cpus = {}};
  of(rules, critical).enter = below(10);
  of(rules, critical).leave = above(20);
  of(rules, power_saver).enter = below(50);
  of(rules, power_saver).leave = above(60);
  of(rules, performance).enter = above(90);
  of(rules, performance).leave = below(80);
  return rules;
}

inline Sample at(std::optional<double> percent) {
  Sample sample;
  if (percent) sample.frequency = Frequency{*percent, *percent * 12000};  // of 1.2 GHz
  return sample;
}

struct Machine {
  States rules = usual();
  OwnLimits limits;
  std::vector<Hold> holds;
  StateMemory memory;
  milliseconds now = 1000s;

  PowerState feed(const Sample& sample, milliseconds later = 5s) {
    now += later;
    memory = decide_state(rules, memory, {sample, limits, strongest(holds, now), now});
    return memory.state;
  }
  PowerState feed(std::optional<double> percent, milliseconds later = 5s) { return feed(at(percent), later); }
};

}  // namespace ebb::test
