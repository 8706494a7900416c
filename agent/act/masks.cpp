// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/masks.hpp"

#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "base/file.hpp"
#include "sense/cpufreq.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;
using PerCpu = std::map<unsigned, std::uint64_t>;

// The CPUs of the least value; empty if a CPU's value is unknown or all values are equal.
CpuMask least(const CpuMask& online, const PerCpu& values) {
  std::optional<std::uint64_t> low, high;
  for (const unsigned cpu : online.cpus()) {
    const auto value = values.find(cpu);
    if (value == values.end()) return {};
    low = std::min(low.value_or(value->second), value->second);
    high = std::max(high.value_or(value->second), value->second);
  }
  CpuMask mask;
  if (low == high) return mask;
  for (const unsigned cpu : online.cpus())
    if (values.at(cpu) == *low) mask.set(cpu);
  return mask;
}

PerCpu capacities(const std::string& root, const CpuMask& online) {
  PerCpu values;
  for (const unsigned cpu : online.cpus()) {
    const auto text = read_file(root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity");
    const auto value = text.and_then(parse_number);
    if (value) values[cpu] = *value;
  }
  return values;
}

PerCpu hardware_maxima(const std::string& root) {
  Sample sample;
  sense_cpufreq(root, sample);
  PerCpu values;
  for (const auto& policy : sample.policies) {
    const auto cpus = CpuMask::from_list(policy.cpus);
    if (!cpus || !policy.hardware_max) continue;
    for (const unsigned cpu : cpus->cpus()) values[cpu] = *policy.hardware_max;
  }
  return values;
}

// Does an action of /proc/interrupts ("eth0-TxRx-0", "virtio2-input.0") belong to `name`?
bool belongs(const std::string& action, const std::string& name) {
  return action.starts_with(name) && (action.size() == name.size() || !std::isalnum(action[name.size()]));
}

// The interrupts of an interface: its device's MSIs, else the lines that name the interface or its device.
std::set<std::string> interrupts(const std::string& machine, const std::string& interface) {
  std::set<std::string> found;
  const std::string device = machine + "/sys/class/net/" + interface + "/device";
  std::error_code error;
  for (fs::directory_iterator it(device + "/msi_irqs", error), end; !error && it != end; it.increment(error))
    found.insert(it->path().filename());
  if (!found.empty()) return found;

  std::vector<std::string> names = {interface};
  if (const auto target = fs::read_symlink(device, error); !error) names.push_back(target.filename());
  std::istringstream lines(read_file(machine + "/proc/interrupts", 1 << 20).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, word;
    words >> number;
    while (words >> word)
      for (const auto& name : names)
        if (belongs(word, name)) found.insert(number.substr(0, number.find(':')));
  }
  return found;
}

// The CPUs that take an interrupt; kernels without effective_affinity_list: may take it.
CpuMask takers(const std::string& machine, const std::string& number) {
  const std::string folder = machine + "/proc/irq/" + number + "/";
  for (const char* file : {"effective_affinity_list", "smp_affinity_list"}) {
    const auto mask = read_file(folder + file).and_then(CpuMask::from_list);
    if (mask && !mask->empty()) return *mask;
  }
  return {};
}

MaskChoice interrupt_cpus(const std::string& machine, const CpuMask& online,
                          const std::vector<std::string>& interfaces) {
  MaskChoice choice;
  std::string names;
  for (const auto& interface : interfaces) {
    CpuMask own;
    for (const auto& number : interrupts(machine, interface))
      for (const unsigned cpu : (takers(machine, number) & online).cpus()) own.set(cpu);
    if (own.empty()) continue;
    for (const unsigned cpu : own.cpus()) choice.mask.set(cpu);
    names += (names.empty() ? "" : ", ") + interface;
  }
  choice.why = names.empty()
                   ? "all CPUs are alike and no interface has an interrupt of its own: nothing is moved"
                   : "all CPUs are alike; these take the interrupts of " + names;
  return choice;
}

MaskChoice named_cpus(const CpuMask& named, const CpuMask& online) {
  CpuMask offline;
  for (const unsigned cpu : named.cpus())
    if (!online.test(cpu)) offline.set(cpu);
  const CpuMask left = named & online;
  if (offline.empty()) return {left, "named in the configuration"};
  if (left.empty())
    return {left, "none of the configured CPUs " + offline.list() + " is online: nothing is moved"};
  return {left, "named in the configuration, without CPUs that are not online: " + offline.list()};
}

// "/" and "/tree/" become "" and "/tree".
std::string folder(const std::string& path) { return path.substr(0, path.find_last_not_of('/') + 1); }

}  // namespace

MaskChoice choose_cpus(const CpuChoice& choice, const std::string& root,
                       const std::vector<std::string>& interfaces, const std::string& machine) {
  if (!choice.efficient && !choice.mask) return {{}, "every CPU: the state names none"};
  const auto online =
      read_file(folder(machine) + "/sys/devices/system/cpu/online").and_then(CpuMask::from_list);
  if (!online) return {{}, online.error().what + ": nothing is moved"};
  if (choice.mask) return named_cpus(*choice.mask, *online);
  if (CpuMask mask = least(*online, capacities(folder(root), *online)); !mask.empty())
    return {mask, "the CPUs of least capacity"};
  if (CpuMask mask = least(*online, hardware_maxima(root)); !mask.empty())
    return {mask, "the CPUs of the lowest maximum frequency"};
  return interrupt_cpus(folder(machine), *online, interfaces);
}

}  // namespace ebb
