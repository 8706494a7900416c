// SPDX-License-Identifier: GPL-2.0-or-later
// Hardware monitors: Documentation/hwmon/sysfs-interface.rst.
#include <algorithm>

#include "sense/sources.hpp"

namespace ebb {
namespace {

const std::string hwmon_folder = "/sys/class/hwmon";
constexpr Measure alarm{"", 1, 0, 1};
constexpr Measure watts{"watts", 1e6, 0, 1e5};

// powerN_input, or powerN_average: the meter's own mean.
bool is_meter(const std::string& file) {
  return file.starts_with("power") && (file.ends_with("_input") || file.ends_with("_average"));
}

// A voltage below its critical minimum: rpi_volt's in0 is the 5 V of a Raspberry Pi. Plain minimum alarms are
// not asked: boards leave those limits unset, and then they are always on.
bool is_under_voltage(const std::string& file) {
  return file.starts_with("in") && file.ends_with("_lcrit_alarm");
}

}  // namespace

void sense_hwmon(Probe& probe) {
  std::vector<std::string> alarms;
  for (const auto& chip : probe.names(hwmon_folder, "hwmon")) {
    // Old drivers have theirs in the device's own folder.
    const std::string own = hwmon_folder + "/" + chip;
    const std::string path = probe.exists(own + "/name") ? own : own + "/device";
    const std::string name = "hwmon." + chip + ".";
    probe[name + "name"] = probe.fixed_word(path + "/name");
    for (const auto& file : probe.names(path, "", 512)) {
      if (is_meter(file)) probe[name + file] = probe.measure(path + "/" + file, watts);
      if (!is_under_voltage(file)) continue;
      probe[name + file] = probe.measure(path + "/" + file, alarm);
      alarms.push_back(name + file);
    }
  }
  const auto known = probe.parts(alarms, "no under-voltage alarm under " + probe.tree.where(hwmon_folder));
  Reading& under = probe["under_voltage"];
  if (!known)
    under = unknown("", known.error().what);
  else
    under.text = std::ranges::find(*known, 1) != known->end() ? "yes" : "no";
}

}  // namespace ebb
