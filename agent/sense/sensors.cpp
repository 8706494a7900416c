// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/sensors.hpp"

#include "sense/sources.hpp"

namespace ebb {
namespace {

// In this order: sense_power chooses among what others have read.
constexpr void (*sources[])(Probe&) = {
    sense_cpufreq, sense_cpuidle,  sense_thermal, sense_power_supply, sense_hwmon, sense_powercap,
    sense_power,   sense_pressure, sense_load,    sense_links,        sense_self,
};

// Those that were known, now or before, and are still there.
std::set<std::string> answered(const Sample& before, const Sample& now) {
  std::set<std::string> out;
  for (const auto& [name, reading] : now.readings)
    if (reading.known() || before.answered.contains(name)) out.insert(out.end(), name);
  return out;
}

}  // namespace

Sample Sensors::read(std::chrono::milliseconds now) {
  Sample sample;
  sample.at = now;
  tree_->move_to(now);
  Probe probe{*tree_, before_, sample, trace_};
  for (const auto source : sources) source(probe);
  sample.answered = answered(before_, sample);
  before_ = sample;
  return sample;
}

}  // namespace ebb
