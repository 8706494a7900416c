// SPDX-License-Identifier: GPL-2.0-or-later
// [state.NAME]
#include "config/parts.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

using namespace std::chrono_literals;

CpuChoice read_cpus(Reader& in, const Value& value) {
  const std::string what = R"("efficient" or a list of CPUs such as "0-1")";
  const std::string text = text_of(value);
  if (text == "efficient") return {.efficient = true, .mask = {}};
  const auto mask = CpuMask::from_list(text);
  if (!mask || mask->empty()) in.expected(value, what, "CPU numbers go from 0 to 1023");
  if (!mask) return {};
  return {.efficient = false, .mask = *mask};
}

void read_state(Reader& in, const Value& table, PowerState state, StateRules& rules) {
  rules.configured = true;
  const auto condition = [&](std::vector<StateRule>& list) {
    return [&](const Value& value) {
      if (state == PowerState::balanced)
        in.fail(value.key_at, "balanced takes neither enter nor leave: it holds when no other state does",
                "set the thresholds of the other states");
      list = read_state_rules(in, value);
    };
  };
  in.table(table,
           {{"enter", condition(rules.enter)},
            {"leave", condition(rules.leave)},
            {"dwell", [&](const Value& v) { rules.dwell = read_duration(in, v, 0ms, 24h, "0s to 24h"); }},
            {"cpus", [&](const Value& v) { rules.cpus = read_cpus(in, v); }}});
}

}  // namespace

std::chrono::milliseconds read_duration(Reader& in, const Value& value, std::chrono::milliseconds min,
                                        std::chrono::milliseconds max, const std::string& range) {
  const std::string what = R"(a duration such as "500ms", "5s" or "2m", from )" + range;
  const auto duration = parse_duration(text_of(value));
  if (duration && *duration >= min && *duration <= max) return *duration;
  in.expected(value, what, "a whole number and its unit: ms, s, m or h");
  return min;
}

void read_states(Reader& in, const Value& table, std::array<StateRules, 4>& states) {
  const auto state = [&](PowerState s) {
    return [&in, &states, s](const Value& value) {
      read_state(in, value, s, states[static_cast<std::size_t>(s)]);
    };
  };
  in.table(table, {{word(PowerState::performance), state(PowerState::performance)},
                   {word(PowerState::balanced), state(PowerState::balanced)},
                   {word(PowerState::power_saver), state(PowerState::power_saver)},
                   {word(PowerState::critical), state(PowerState::critical)}});
}

void check_states(Reader& in, const std::array<StateRules, 4>& states) {
  for (const StateRules& state : states) check_state_rules(in, state);
}

}  // namespace ebb::conf
