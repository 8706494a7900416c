// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/cpufreq.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/cpumask.hpp"
#include "base/file.hpp"

namespace ebb {
namespace {

constexpr std::uint64_t max_kilohertz = 100'000'000;  // 100 GHz: no CPU comes near, so it is nonsense

struct Number {
  const char* file;
  const char* name;  // of the reading
  std::optional<std::uint64_t> CpufreqPolicy::* value;
};
constexpr Number numbers[] = {
    {"cpuinfo_min_freq", "hardware_min", &CpufreqPolicy::hardware_min},
    {"cpuinfo_max_freq", "hardware_max", &CpufreqPolicy::hardware_max},
    {"scaling_min_freq", "min", &CpufreqPolicy::min},
    {"scaling_max_freq", "max", &CpufreqPolicy::max},
    {"scaling_cur_freq", "current", &CpufreqPolicy::current},
};

Reading unknown(std::string unit, std::string reason) { return {{}, {}, std::move(unit), std::move(reason)}; }

Reading read_kilohertz(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return unknown("kilohertz", text.error().what);
  const auto value = parse_number(*text);
  if (!value) return unknown("kilohertz", path + ": " + value.error().what);
  if (*value == 0) return unknown("kilohertz", path + ": zero");
  if (*value > max_kilohertz) return unknown("kilohertz", path + ": above 100 GHz");
  return {static_cast<double>(*value), {}, "kilohertz", {}};
}

// A governor or driver: one printable word. Drivers without one answer "<unsupported>" or "<unknown>".
Reading read_word(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return unknown("", text.error().what);
  if (text->empty()) return unknown("", path + ": empty");
  const bool printable =
      std::all_of(text->begin(), text->end(), [](unsigned char c) { return std::isgraph(c); });
  if (!printable || text->size() > 64 || text->front() == '<') return unknown("", path + ": not a name");
  return {{}, *text, "", {}};
}

// What affected_cpus said, "0 1 2 3", in list format.
Reading as_cpus(Result<std::string> text, const std::string& path) {
  if (!text) return unknown("", text.error().what);
  std::replace(text->begin(), text->end(), ' ', ',');
  const auto mask = CpuMask::from_list(*text);
  if (!mask) return unknown("", path + ": not a list of CPUs");
  if (mask->empty()) return unknown("", path + ": no CPU is online");
  return {{}, mask->list(), "", {}};
}

void read_policy(const std::string& folder, CpufreqPolicy& policy, std::map<std::string, Reading>& readings) {
  const std::string prefix = "cpufreq." + policy.name + ".";
  for (const auto& number : numbers) {
    const Reading& reading = readings[prefix + number.name] = read_kilohertz(folder + number.file);
    if (reading.known()) policy.*number.value = static_cast<std::uint64_t>(*reading.number);
  }
  // Boost reaches above the hardware maximum, but not twice as high.
  if (policy.current && policy.hardware_max && *policy.current > 2 * *policy.hardware_max) {
    readings[prefix + "current"] =
        unknown("kilohertz", folder + "scaling_cur_freq: more than twice cpuinfo_max_freq");
    policy.current.reset();
  }
  readings[prefix + "governor"] = read_word(folder + "scaling_governor");
  readings[prefix + "driver"] = read_word(folder + "scaling_driver");
  const auto online = read_file(folder + "affected_cpus");
  const Reading& cpus = readings[prefix + "cpus"] = as_cpus(online, folder + "affected_cpus");
  policy.cpus = cpus.text.value_or("");
  // Old kernels (5.10) go on showing the last frequency of CPUs that are offline.
  if (online && online->empty()) {
    readings[prefix + "current"] = unknown("kilohertz", cpus.reason);
    policy.current.reset();
  }
}

// The numbers of the policies below `folder`, ascending.
Result<std::vector<std::uint64_t>> policy_numbers(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::uint64_t> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.starts_with("policy")) continue;
    const auto number = parse_number(name.substr(6));
    if (number && std::to_string(*number) == name.substr(6)) found.push_back(*number);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno("cannot read " + folder, error.value());
  if (found.empty())
    return fail("no cpufreq policies under " + folder +
                " (a machine without frequency scaling, or a wrong --root)");
  std::sort(found.begin(), found.end());
  return found;
}

// The highest current / hardware maximum of the policies that know both.
std::optional<Frequency> highest(const std::vector<CpufreqPolicy>& policies) {
  std::optional<Frequency> best;
  for (const auto& policy : policies) {
    if (!policy.current || !policy.hardware_max) continue;
    const auto current = static_cast<double>(*policy.current);
    const double percent = 100 * current / static_cast<double>(*policy.hardware_max);
    if (!best || percent > best->percent) best = Frequency{percent, current};
  }
  return best;
}

}  // namespace

void sense_cpufreq(const std::string& root, Sample& sample) {
  const std::string folder =
      root.substr(0, root.find_last_not_of('/') + 1) + "/sys/devices/system/cpu/cpufreq";
  sample.policies.clear();
  sample.frequency.reset();
  std::erase_if(sample.readings, [](const auto& item) { return item.first.starts_with("cpufreq."); });
  Reading& frequency = sample.readings["frequency"] = unknown("percent", "");

  const auto policies = policy_numbers(folder);
  if (!policies) {
    frequency.reason = policies.error().what;
    return;
  }
  for (const auto number : *policies) {
    CpufreqPolicy policy;
    policy.name = "policy" + std::to_string(number);
    read_policy(folder + "/" + policy.name + "/", policy, sample.readings);
    sample.policies.push_back(std::move(policy));
  }
  sample.frequency = highest(sample.policies);
  if (sample.frequency) {
    frequency.number = sample.frequency->percent;
    return;
  }
  const CpufreqPolicy& first = sample.policies.front();
  frequency.reason =
      sample.readings["cpufreq." + first.name + (first.current ? ".hardware_max" : ".current")].reason;
}

}  // namespace ebb
