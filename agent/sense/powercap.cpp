// SPDX-License-Identifier: GPL-2.0-or-later
// Energy counters: Documentation/power/powercap/powercap.rst.
#include "base/file.hpp"
#include "sense/sources.hpp"
#include "sense/wake.hpp"

namespace ebb {
namespace {

const std::string powercap_folder = "/sys/class/powercap";
constexpr double most_watts = 1e5;

// The counters of intel-rapl are registers of a package's CPU; "package-1" says of which. intel-rapl-mmio's
// are not.
bool wakes_a_cpu(const Probe& probe, const std::string& zone, const std::string& name) {
  if (!zone.starts_with("intel-rapl:")) return false;
  const auto dash = name.starts_with("package-") ? name.substr(8) : "0";
  const auto package = parse_number(dash);
  return wakes_package(probe.tree, package ? static_cast<unsigned>(*package) : 0);
}

// Watts since the counter was read before. It wraps at max_energy_range_uj; such a sample has no value.
Reading power_of(Probe& probe, const std::string& path, const std::string& counter) {
  const auto text = probe.tree.read(path);
  if (!text) return unknown("watts", text.error().what);
  const auto energy = parse_number(*text);
  if (!energy) return unknown("watts", probe.tree.where(path) + ": " + energy.error().what);
  const auto at = static_cast<std::uint64_t>(probe.now.at.count());
  const auto joules = probe.growth(counter, *energy);
  const auto milliseconds = probe.growth(counter + ".at", at);
  Reading out = unknown("watts", "one sample is not enough");
  out.silent = true;
  if (!joules || !milliseconds || *milliseconds <= 0) return out;
  const double watts = *joules / 1e6 / (*milliseconds / 1e3);
  if (watts > most_watts) return unknown("watts", probe.tree.where(path) + ": grows too fast");
  return number("watts", watts);
}

}  // namespace

void sense_powercap(Probe& probe) {
  for (const auto& zone : probe.names(powercap_folder)) {
    const std::string path = powercap_folder + "/" + zone, name = "powercap." + zone + ".";
    if (!probe.exists(path + "/energy_uj")) continue;  // a control type, or a zone that only limits
    const Reading& label = probe[name + "name"] = probe.fixed_word(path + "/name");
    if (wakes_a_cpu(probe, zone, label.text.value_or(""))) {
      probe.keep_counter(name + "energy");
      probe.keep_counter(name + "energy.at");
      probe[name + "power"] = probe.kept(name + "power", "watts", "reading it would wake a CPU");
    } else {
      probe[name + "power"] = power_of(probe, path + "/energy_uj", name + "energy");
      probe.stamp(name + "power");
    }
  }
}

}  // namespace ebb
