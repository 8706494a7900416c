// SPDX-License-Identifier: GPL-2.0-or-later
// Power supplies: Documentation/ABI/testing/sysfs-class-power.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "sense/sources.hpp"

namespace ebb {
namespace {

const std::string supply_folder = "/sys/class/power_supply";
constexpr Measure percent{"percent", 1, 0, 100};
constexpr Measure online{"", 1, 0, 2};  // 2: online, and it can be programmed
constexpr Measure watts{"watts", 1e6, -1e4, 1e4};
constexpr Measure volts{"volts", 1e6, 0, 1e4};
constexpr Measure amperes{"amperes", 1e6, -1e4, 1e4};

bool is_type(const std::string& type) {
  constexpr std::array names{"Battery", "Mains", "UPS", "Wireless", "Unknown", "BrickID"};
  return type.starts_with("USB") || std::ranges::find(names, type) != names.end();
}

// Which way: +1 out of the battery. Drivers disagree on the sign of a current, so the status decides.
std::optional<int> direction(const Reading& status) {
  if (status.text == "Discharging") return 1;
  if (status.text == "Charging") return -1;
  return std::nullopt;
}

Reading power_of(const Probe& probe, const std::string& path, const Reading& status) {
  Reading power = probe.measure(path + "/power_now", watts);
  if (!power.known() && !probe.exists(path + "/power_now")) {
    const Reading current = probe.measure(path + "/current_now", amperes);
    const Reading voltage = probe.measure(path + "/voltage_now", volts);
    for (const Reading* part : {&current, &voltage})
      if (!part->known()) {
        power = *part;
        power.unit = "watts";
        return power;
      }
    power = number("watts", *current.number * *voltage.number);
  }
  if (!power.known()) return power;
  const auto sign = direction(status);
  if (sign) return number("watts", *sign * std::abs(*power.number));
  if (*power.number == 0) return number("watts", 0);
  Reading out = unknown("watts", status.text ? probe.tree.where(path) + ": a battery that is " +
                                                   *status.text + " does not say which way the power flows"
                                             : status.reason);
  out.silent = status.text || status.silent;
  return out;
}

// "Not charging" has a space.
Reading status_of(const Probe& probe, const std::string& path) {
  const auto text = probe.tree.read(path + "/status");
  for (const char* known : {"Charging", "Discharging", "Not charging", "Full"})
    if (text && *text == known) return {{}, known, "", {}, false};
  Reading out = to_word(text, probe.tree.where(path + "/status"));
  if (out.known()) {
    out = unknown("",
                  probe.tree.where(path + "/status") + ": " + (*text == "Unknown" ? *text : "not a status"));
    out.silent = *text == "Unknown";
  }
  return out;
}

// What it holds when it is full, from a file that not every driver has.
Reading full_of(const Probe& probe, const std::string& path, const std::string& name) {
  for (const auto& [file, unit] : {std::pair{"/energy_full", "watt_hours"}, {"/charge_full", "ampere_hours"}})
    if (probe.exists(path + file))
      return to_number(probe.tree.fixed(path + file), probe.tree.where(path + file), {unit, 1e6, 1e-3, 1e6});
  Reading out = unknown("", probe.tree.where(path) + " says neither energy_full nor charge_full");
  out.silent = !probe.before.answered.contains(name);
  return out;
}

// "System" or "Device" (a mouse). Most supplies have no such file; who had one does not lose it.
void sense_scope(Probe& probe, const std::string& path, const std::string& name) {
  if (!probe.exists(path + "/scope") && !probe.before.answered.contains(name)) return;
  Reading& scope = probe[name] = probe.fixed_word(path + "/scope");
  if (scope.known() && *scope.text != "System" && *scope.text != "Device" && *scope.text != "Unknown")
    scope = unknown("", probe.tree.where(path + "/scope") + ": not a scope");
}

struct Supplies {
  std::vector<std::string> mains, batteries;
  std::vector<std::string> kinds;  // readings: a supply that loses its type or scope leaves a gap
};

// Those that feed the system: not the battery of a mouse, not an empty slot.
Supplies find(Probe& probe) {
  Supplies out;
  for (const auto& name : probe.names(supply_folder)) {
    const std::string path = supply_folder + "/" + name;
    Reading& type = probe["power_supply." + name + ".type"] = probe.fixed_word(path + "/type");
    if (type.text && !is_type(*type.text))
      type = unknown("", probe.tree.where(path + "/type") + ": not a type");
    const std::string scope = "power_supply." + name + ".scope";
    sense_scope(probe, path, scope);
    out.kinds.push_back("power_supply." + name + ".type");
    if (const auto said = probe.now.readings.find(scope); said != probe.now.readings.end()) {
      out.kinds.push_back(scope);
      if (said->second.text == "Device") continue;
    }
    const std::string is = type.text.value_or("");
    if (is == "Mains" || is.starts_with("USB") || is == "Wireless") out.mains.push_back(name);
    const auto present = probe.exists(path + "/present") ? probe.tree.read(path + "/present") : "1";
    if (is == "Battery" && (!present || *present != "0")) out.batteries.push_back(name);
  }
  return out;
}

void sense_mains(Probe& probe, const Supplies& supplies) {
  std::vector<std::string> names = supplies.kinds;
  for (const auto& supply : supplies.mains) {
    const std::string name = "power_supply." + supply + ".online";
    probe[name] = probe.measure(supply_folder + "/" + supply + "/online", online);
    names.push_back(name);
  }
  const auto known = probe.parts(names, "no mains supply under " + probe.tree.where(supply_folder));
  Reading& mains = probe["mains"];
  if (!known)
    mains = unknown("", known.error().what);
  else
    mains.text = std::ranges::any_of(*known, [](double value) { return value > 0; }) ? "online" : "offline";
}

// The mean, weighted by what each battery holds where that is known of all in one unit.
double mean_charge(const std::vector<double>& charges, const std::vector<Reading>& full) {
  const bool weighted = std::ranges::all_of(
      full, [&](const Reading& one) { return one.known() && one.unit == full.front().unit; });
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const double weight = weighted ? *full[i].number : 1;
    sum += weight * charges[i];
    all += weight;
  }
  return sum / all;
}

void sense_batteries(Probe& probe, const Supplies& supplies) {
  std::vector<std::string> capacities = supplies.kinds, powers = supplies.kinds;
  std::vector<Reading> full;
  std::string lost;
  for (const auto& battery : supplies.batteries) {
    const std::string path = supply_folder + "/" + battery, name = "power_supply." + battery + ".";
    const Reading& status = probe[name + "status"] = status_of(probe, path);
    const Reading& capacity = probe[name + "capacity"] = probe.measure(path + "/capacity", percent);
    const Reading& holds = probe[name + "full"] = full_of(probe, path, name + "full");
    if (capacity.known()) full.push_back(holds);
    if (lost.empty()) lost = probe.gone(name + "full");
    probe[name + "power"] = power_of(probe, path, status);
    capacities.push_back(name + "capacity");
    powers.push_back(name + "power");
  }
  const std::string none = "no battery of the system under " + probe.tree.where(supply_folder);
  const auto charges = probe.parts(capacities, none);
  const auto flows = probe.parts(powers, none);
  if (!charges || !lost.empty())
    probe["battery"] = unknown("percent", charges ? lost : charges.error().what);
  else
    probe["battery"] = number("percent", mean_charge(*charges, full));
  probe["battery_power"] = flows ? number("watts", std::accumulate(flows->begin(), flows->end(), 0.0))
                                 : unknown("watts", flows.error().what);
}

}  // namespace

void sense_power_supply(Probe& probe) {
  const Supplies supplies = find(probe);
  sense_mains(probe, supplies);
  sense_batteries(probe, supplies);
}

}  // namespace ebb
