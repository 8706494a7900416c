// SPDX-License-Identifier: GPL-2.0-or-later
// What the machine draws, if some meter measures the whole of it: the ACPI power meter, a platform counter
// ("psys"), or the only meter of a board. A battery's, a processor's or a graphics card's is only a part.
#include <algorithm>
#include <array>
#include <string_view>

#include "sense/sources.hpp"

namespace ebb {
namespace {

constexpr std::array<std::string_view, 9> parts{"amdgpu", "nouveau",  "nvidia",       "i915",      "xe",
                                                "radeon", "zenpower", "fam15h_power", "amd_energy"};

struct Meter {
  std::string reading, of;  // "hwmon.hwmon3.power1_average", "power_meter"
};

std::string name_of(const Probe& probe, const std::string& reading) {
  const auto found = probe.now.readings.find(reading.substr(0, reading.rfind('.')) + ".name");
  return found == probe.now.readings.end() ? "" : found->second.text.value_or("");
}

// A power supply has a hwmon chip of its name.
bool is_part(const Probe& probe, const std::string& of) {
  return std::ranges::find(parts, of) != parts.end() ||
         probe.now.readings.contains("power_supply." + of + ".type");
}

std::vector<Meter> meters(const Probe& probe) {
  std::vector<Meter> out;
  for (const auto& [name, reading] : probe.now.readings) {
    if (!(name.starts_with("hwmon.") || name.starts_with("powercap.")) || reading.unit != "watts") continue;
    const std::string of = name_of(probe, name);
    if (of == "power_meter" || of == "psys") return {{name, of}};
    if (name.starts_with("hwmon.") && !is_part(probe, of)) out.push_back({name, of});
  }
  return out;
}

}  // namespace

void sense_power(Probe& probe) {
  const auto found = meters(probe);
  Reading& power = probe["power"];
  if (found.size() == 1)
    power = probe.now.readings.at(found.front().reading);
  else
    power = unknown("watts", found.empty() ? "no meter measures the whole machine"
                                           : "several meters, and none of them measures the whole machine");
}

}  // namespace ebb
