// SPDX-License-Identifier: GPL-2.0-or-later
// Thermal zones: Documentation/driver-api/thermal/sysfs-api.rst.
#include <algorithm>

#include "sense/sources.hpp"
#include "sense/wake.hpp"

namespace ebb {
namespace {

const std::string thermal_folder = "/sys/class/thermal";
// Below and above, a sensor is broken or switched off: drivers then say -274, 0 K, -128 or 255.
constexpr Measure celsius{"celsius", 1000, -60, 200};
constexpr Measure any{"celsius", 1000, -1e7, 1e7};  // a trip that is switched off is 0, -274 or 2147483

// The lowest trip point at which the kernel slows the machine down, warns of a shutdown, or shuts down.
// An active one starts a fan. One trip that makes no sense leaves them all unknown: it may be the lowest.
Reading lowest_trip(const Probe& probe, const std::string& zone) {
  Reading lowest = unknown("celsius", probe.tree.where(zone) + " has no passive, hot or critical trip point");
  for (const auto& name : probe.names(zone, "trip_point_")) {
    if (!name.ends_with("_type")) continue;
    const std::string type = probe.fixed_word(zone + "/" + name).text.value_or("");
    if (type == "active") continue;
    if (type != "passive" && type != "hot" && type != "critical")
      return unknown("celsius", probe.tree.where(zone + "/" + name) + ": not the type of a trip point");
    const std::string file = zone + "/" + name.substr(0, name.size() - 4) + "temp";
    const Reading trip = to_number(probe.tree.fixed(file), probe.tree.where(file), any);
    if (!trip.known()) return trip;
    if (*trip.number <= 0 || *trip.number > celsius.most) continue;
    if (!lowest.known() || *trip.number < *lowest.number) lowest = trip;
  }
  return lowest;
}

// The sensor of an x86 package is a register of one of its CPUs.
bool wakes_a_cpu(const Probe& probe, const std::string& type) {
  return type == "x86_pkg_temp" && wakes_package(probe.tree, 0);
}

}  // namespace

void sense_thermal(Probe& probe) {
  std::vector<std::string> temperatures, margins;
  for (const auto& zone : probe.names(thermal_folder, "thermal_zone")) {
    const std::string path = thermal_folder + "/" + zone, name = "thermal." + zone + ".";
    const Reading& type = probe[name + "type"] = probe.fixed_word(path + "/type");
    Reading& temp = probe[name + "temp"];
    if (wakes_a_cpu(probe, type.text.value_or(""))) {
      temp = probe.kept(name + "temp", "celsius", "reading it would wake a CPU");
    } else {
      temp = probe.measure(path + "/temp", celsius);
      probe.stamp(name + "temp");
    }
    const Reading& trip = probe[name + "trip"] = lowest_trip(probe, path);
    Reading& margin = probe[name + "margin"] = trip.known() ? temp : trip;
    if (temp.known() && trip.known()) margin.number = *trip.number - *temp.number;
    temperatures.push_back(name + "temp");
    margins.push_back(name + "margin");
  }
  const auto hottest = probe.parts(temperatures, "no thermal zone under " + probe.tree.where(thermal_folder));
  probe["temperature"] = hottest ? number("celsius", *std::ranges::max_element(*hottest))
                                 : unknown("celsius", hottest.error().what);
  const auto nearest = probe.parts(margins, "no thermal zone under " + probe.tree.where(thermal_folder));
  probe["heat_margin"] = nearest ? number("celsius", *std::ranges::min_element(*nearest))
                                 : unknown("celsius", nearest.error().what);
}

}  // namespace ebb
