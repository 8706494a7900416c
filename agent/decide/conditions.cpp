// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/conditions.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ebb {
namespace {

Truth truth(bool holds) { return holds ? Truth::yes : Truth::no; }

const Reading* reading_of(const Sample& sample, const std::string& name) {
  const auto found = sample.readings.find(name);
  return found == sample.readings.end() ? nullptr : &found->second;
}

Truth compare_word(const Condition& condition, const Sample& sample) {
  const Reading* reading = reading_of(sample, std::string(kind_of(condition.sensor).name));
  if (!reading || !reading->text) return Truth::unknown;
  const auto& words = kind_of(condition.sensor).words;
  if (std::find(words.begin(), words.end(), *reading->text) == words.end()) return Truth::unknown;
  return truth(*reading->text == condition.text);
}

// What is measured, whoever caused it.
Truth compare(const Condition& condition, const Sample& sample) {
  if (kind_of(condition.sensor).speaks()) return compare_word(condition, sample);
  const auto value = value_of(sample, condition.sensor, condition.hertz);
  if (!value) return Truth::unknown;
  return truth(condition.below ? *value < condition.value : *value > condition.value);
}

}  // namespace

std::optional<double> number_of(const Sample& sample, const std::string& name) {
  const Reading* reading = reading_of(sample, name);
  if (!reading || !reading->number || !std::isfinite(*reading->number)) return std::nullopt;
  return reading->number;
}

std::optional<double> value_of(const Sample& sample, Sensor sensor, bool hertz) {
  if (sensor != Sensor::frequency) return number_of(sample, std::string(kind_of(sensor).name));
  if (!sample.frequency) return std::nullopt;
  return hertz ? sample.frequency->kilohertz : sample.frequency->percent;
}

Truth enters(const Condition& condition, const View& view) {
  const Truth measured = compare(condition, view.sample);
  if (condition.sensor != Sensor::frequency) return measured;
  const bool doubtful = view.floor && measured == truth(!condition.below);  // it is high, but for the floor
  return view.cap || (view.blocked && condition.below) || doubtful ? Truth::unknown : measured;
}

Truth leaves(const Condition& condition, const View& view) {
  const Truth measured = compare(condition, view.sample);
  if (condition.sensor != Sensor::frequency) return measured;
  const Truth high = truth(!condition.below), low = truth(condition.below);
  if (view.cap && view.busy) return high;
  return (view.floor && measured == high) || (view.cap && measured == low) ? Truth::unknown : measured;
}

Truth all(const StateRule& rule, const View& view, Truth (*truth)(const Condition&, const View&)) {
  Truth out = Truth::yes;
  for (const Condition& condition : rule.when) {
    const Truth one = truth(condition, view);
    if (one == Truth::no) return one;
    if (one == Truth::unknown) out = one;
  }
  return out;
}

std::string value_text(Sensor sensor, const View& view) {
  const SensorKind& kind = kind_of(sensor);
  if (kind.speaks()) {
    const Reading* reading = reading_of(view.sample, std::string(kind.name));
    return reading && reading->text ? *reading->text : "unknown";
  }
  const auto value = value_of(view.sample, sensor, false);
  if (!value) return "unknown";
  char text[64];
  std::snprintf(text, sizeof text, "%.10g", std::round(*value * 10) / 10);
  std::string out = text;
  if (!kind.unit.empty()) out += " " + std::string(kind.unit);
  if (sensor == Sensor::frequency && view.cap) return out + " (self-capped)";
  return sensor == Sensor::frequency && view.floor ? out + " (self-raised)" : out;
}

}  // namespace ebb
