// SPDX-License-Identifier: GPL-2.0-or-later
// enter and leave of [state.NAME]: { battery = "< 20%", mains = "offline", for = "15s" }, or a list of such.
#include <algorithm>

#include "config/parts.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

using namespace std::chrono_literals;

std::string threshold_words(const SensorKind& kind) {
  if (kind.name == "frequency") return R"(a threshold such as "< 50%" or "> 1.2GHz")";
  return "a threshold such as \"< 50" + std::string(kind.unit) + "\"";
}

std::string unit_words(const SensorKind& kind) {
  if (kind.name == "frequency") return "units: % of the hardware maximum, kHz, MHz, GHz; signs: < and >";
  return (kind.unit.empty() ? "no unit" : "unit: " + std::string(kind.unit)) + "; signs: < and >";
}

Condition read_word(Reader& in, const Value& value, Sensor sensor) {
  const auto& words = kind_of(sensor).words;
  return {.sensor = sensor, .text = std::string(words[in.word(value, words)])};
}

Condition read_threshold(Reader& in, const Value& value, Sensor sensor) {
  const SensorKind& kind = kind_of(sensor);
  const auto threshold = parse_threshold(text_of(value), sensor);
  if (!threshold) {
    in.expected(value, threshold_words(kind), unit_words(kind));
    return {.sensor = sensor};
  }
  const double least = threshold->hertz ? 1 : kind.least;
  const double most = threshold->hertz ? 1e8 : kind.most;  // kHz: 100 GHz
  const double end = threshold->below ? least : most;      // the side on which something has to lie
  if (threshold->value < least || threshold->value > most || threshold->value == end)
    in.fail(value.at, in_quotes(value.text) + " never changes",
            "no " + std::string(kind.name) + " lies beyond it");
  return *threshold;
}

// No value satisfies both. Percent and hertz cannot be compared without the board: `then`.
bool apart(const Condition& a, const Condition& b, bool then) {
  if (a.sensor != b.sensor) return false;
  if (kind_of(a.sensor).speaks()) return a.text != b.text;
  if (a.below == b.below) return false;
  if (a.hertz != b.hertz) return then;
  return a.below ? a.value <= b.value : b.value <= a.value;
}

// Two conditions on one sensor: a range, or nonsense.
void check_pair(Reader& in, const Value& value, const Condition& a, const Condition& b) {
  if (apart(a, b, false))
    in.fail(
        value.at, in_quotes(a.text) + " and " + in_quotes(b.text) + " contradict each other",
        "the conditions of one rule must all hold; write rules of which any may hold as a list of tables");
  else if (a.below == b.below && a.hertz == b.hertz)
    in.fail(value.at, "of " + in_quotes(a.text) + " and " + in_quotes(b.text) + " one never decides",
            "remove it");
}

StateRule read_state_rule(Reader& in, const Value& table) {
  StateRule rule{.where = in.where(table.at)};
  std::vector<Reader::Field> fields;
  for (std::size_t i = 0; i < sensor_kinds.size(); ++i)
    fields.emplace_back(sensor_kinds[i].name, [&, sensor = static_cast<Sensor>(i)](const Value& list) {
      const auto first = static_cast<std::ptrdiff_t>(rule.when.size());
      in.each(list, [&](const Value& value) {
        const bool speaks = kind_of(sensor).speaks();
        const Condition condition = speaks ? read_word(in, value, sensor) : read_threshold(in, value, sensor);
        std::for_each(rule.when.begin() + first, rule.when.end(),
                      [&](const Condition& other) { check_pair(in, value, other, condition); });
        rule.when.push_back(condition);
      });
    });
  fields.emplace_back(
      "for", [&](const Value& value) { rule.hold_for = read_duration(in, value, 1ms, 24h, "1ms to 24h"); });
  in.table(table, fields);
  if (rule.when.empty())
    in.fail(table.at, "a condition needs a sensor, such as frequency = \"< 50%\"",
            "several in one table must all hold; a list of tables: any may hold");
  return rule;
}

bool shares_sensor(const StateRule& a, const StateRule& b) {
  return std::ranges::any_of(a.when, [&](const Condition& one) {
    return std::ranges::any_of(b.when, [&](const Condition& other) { return one.sensor == other.sensor; });
  });
}

bool exclude(const StateRule& a, const StateRule& b) {
  return std::ranges::any_of(a.when, [&](const Condition& one) {
    return std::ranges::any_of(b.when, [&](const Condition& other) { return apart(one, other, true); });
  });
}

}  // namespace

std::vector<StateRule> read_state_rules(Reader& in, const Value& value) {
  std::vector<StateRule> rules;
  in.each(value, [&](const Value& table) {
    rules.push_back(read_state_rule(in, table));
    if (std::find(rules.begin(), rules.end() - 1, rules.back()) != rules.end() - 1)
      in.fail(table.at, "this rule stands in the list twice", "remove one");
  });
  return rules;
}

void check_state_rules(Reader& in, const StateRules& rules) {
  for (const StateRule& leave : rules.leave) {
    if (rules.enter.empty())
      in.fail(leave.where, "leave without enter: the state would never be entered",
              R"(add enter = { frequency = "< 50%" })");
    bool ends = false;
    for (const StateRule& enter : rules.enter) {
      if (!shares_sensor(enter, leave)) continue;
      ends = true;
      if (!exclude(enter, leave))
        in.fail(leave.where,
                "leave " + in_quotes(rule_text(leave)) + " overlaps enter " + in_quotes(rule_text(enter)) +
                    " at " + enter.where + ": values that satisfy both would enter and leave for ever",
                "leave in the opposite direction and not before enter ends, such as \"< 50%\" and \"> 60%\"");
    }
    if (!ends && !rules.enter.empty())
      in.fail(leave.where, "leave " + in_quotes(rule_text(leave)) + " ends no rule of enter",
              "it has to name a sensor that enter names");
  }
}

}  // namespace ebb::conf
