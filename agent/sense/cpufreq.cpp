// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/cpufreq.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/cpumask.hpp"
#include "base/file.hpp"
#include "sense/sources.hpp"

namespace ebb {
namespace {

constexpr std::uint64_t max_kilohertz = 100'000'000;  // 100 GHz: no CPU comes near, so it is nonsense

const std::string folder = cpufreq_folder;
constexpr std::size_t most_policies = 1024;  // of as many CPUs as Ebb knows

struct Number {
  const char* file;
  const char* name;  // of the reading
  std::optional<std::uint64_t> CpufreqPolicy::* value;
  bool fixed;
};
constexpr Number numbers[] = {
    {"cpuinfo_min_freq", "hardware_min", &CpufreqPolicy::hardware_min, true},
    {"cpuinfo_max_freq", "hardware_max", &CpufreqPolicy::hardware_max, true},
    {"scaling_min_freq", "min", &CpufreqPolicy::min, false},
    {"scaling_max_freq", "max", &CpufreqPolicy::max, false},
    {"scaling_cur_freq", "current", &CpufreqPolicy::current, false},
};

Reading to_kilohertz(const Result<std::string>& text, const std::string& where) {
  if (!text) return unknown("kilohertz", text.error().what);
  const auto value = parse_number(*text);
  if (!value) return unknown("kilohertz", where + ": " + value.error().what);
  if (*value == 0) return unknown("kilohertz", where + ": zero");
  if (*value > max_kilohertz) return unknown("kilohertz", where + ": above 100 GHz");
  return number("kilohertz", static_cast<double>(*value));
}

// What affected_cpus said, "0 1 2 3", in list format.
Reading as_cpus(Result<std::string> text, const std::string& where) {
  if (!text) return unknown("", text.error().what);
  std::replace(text->begin(), text->end(), ' ', ',');
  const auto mask = CpuMask::from_list(*text);
  if (!mask) return unknown("", where + ": not a list of CPUs");
  if (mask->empty()) return unknown("", where + ": no CPU is online");
  return {.number = {}, .text = mask->list(), .unit = {}, .reason = {}, .silent = false};
}

CpufreqPolicy read_policy(Probe& probe, const std::string& policy) {
  const std::string prefix = "cpufreq." + policy + ".", path = folder + "/" + policy + "/";
  CpufreqPolicy out;
  out.name = policy;
  bool refused = false;
  for (const auto& number : numbers) {
    const std::string file = path + number.file;
    const auto text = number.fixed ? probe.tree.fixed(file) : probe.tree.read(file);
    refused = refused || (!text && text.error().number == EBUSY);
    const Reading& reading = probe[prefix + number.name] = to_kilohertz(text, probe.tree.where(file));
    if (reading.known()) out.*number.value = static_cast<std::uint64_t>(*reading.number);
  }
  // Boost reaches above the hardware maximum, but not twice as high.
  if (out.current && out.hardware_max && *out.current > 2 * *out.hardware_max) {
    probe[prefix + "current"] =
        unknown("kilohertz", probe.tree.where(path) + "scaling_cur_freq: more than twice cpuinfo_max_freq");
    out.current.reset();
  }
  probe[prefix + "governor"] = probe.word(path + "scaling_governor");
  probe[prefix + "driver"] = probe.fixed_word(path + "scaling_driver");
  if (const std::string file = path + "energy_performance_preference"; probe.exists(file))
    probe[prefix + "preference"] = probe.word(file);
  const auto online = probe.tree.fixed(path + "affected_cpus");
  const Reading& cpus = probe[prefix + "cpus"] = as_cpus(online, probe.tree.where(path) + "affected_cpus");
  out.cpus = cpus.text.value_or("");
  // A policy whose CPUs are all offline answers EBUSY, or its last frequency (5.10). It is no part of the
  // whole.
  if (refused || (online && online->empty())) {
    probe[prefix + "current"] =
        unknown("kilohertz", refused ? probe.tree.where(path) + ": no CPU is online" : cpus.reason);
    out.current.reset();
    for (const auto& number : numbers)
      if (Reading& reading = probe[prefix + number.name]; !reading.known()) reading.silent = true;
  }
  return out;
}

// The numbers of the policies, ascending.
std::vector<std::string> policies(const Probe& probe) {
  auto found = probe.names(folder, "policy", most_policies);
  std::erase_if(found, [](const std::string& name) {
    const auto number = parse_number(name.substr(6));
    return !number || std::to_string(*number) != name.substr(6);
  });
  return found;
}

// Why the whole is unknown although some policies are known: one that was is not any more.
std::string lost(const Probe& probe, const std::vector<CpufreqPolicy>& policies) {
  for (const auto& policy : policies)
    for (const char* name : {".current", ".hardware_max"})
      if (const auto why = probe.gone("cpufreq." + policy.name + name); !why.empty()) return why;
  return "";
}

// The CPU whose trace stands for the policy, since all of them change together; nothing: no frequency to
// trace.
std::optional<unsigned> traced_cpu(const CpufreqPolicy& policy) {
  const auto cpus = CpuMask::from_list(policy.cpus);
  if (!policy.current || !cpus || cpus->empty()) return std::nullopt;
  return cpus->cpus().front();
}

// Since the sample before, if the kernel told of changes meanwhile. Else the frequency of now has held; or
// its driver tells nothing any more, and the trace is old.
void average(Probe& probe, CpufreqPolicy& policy) {
  const auto cpu = traced_cpu(policy);
  const auto now = cpu && probe.trace ? probe.trace(*cpu) : std::nullopt;
  if (!now) return;
  probe.now.traced[*cpu] = *now;
  const auto found = probe.before.traced.find(*cpu);
  if (found == probe.before.traced.end()) return;
  const TracedFrequency& last = found->second;
  if (now->area < last.area || now->microseconds <= last.microseconds) return;  // it wrapped
  policy.mean = now->changes == last.changes
                    ? *policy.current
                    : (now->area - last.area) / (now->microseconds - last.microseconds);
  probe["cpufreq." + policy.name + ".mean"] = number("kilohertz", static_cast<double>(*policy.mean));
}

// The highest speed / hardware maximum of the policies that know both.
std::optional<Frequency> highest(const std::vector<CpufreqPolicy>& policies) {
  std::optional<Frequency> best;
  for (const auto& policy : policies) {
    const auto percent = policy.percent(policy.speed());
    if (percent && (!best || *percent > best->percent))
      best = Frequency{*percent, static_cast<double>(*policy.speed())};
  }
  return best;
}

}  // namespace

void sense_cpufreq(Probe& probe) {
  Reading& frequency = probe["frequency"] = unknown("percent", "");
  auto& known = probe.now.policies;
  for (const auto& policy : policies(probe)) known.push_back(read_policy(probe, policy));
  if (known.empty()) {
    frequency.reason = "no cpufreq policies under " + probe.tree.where(folder) +
                       " (a machine without frequency scaling, or a wrong --root)";
    return;
  }
  frequency.reason = lost(probe, known);
  if (!frequency.reason.empty()) return;
  for (auto& policy : known) average(probe, policy);
  probe.now.frequency = highest(known);
  if (probe.now.frequency)
    frequency.number = probe.now.frequency->percent;
  else
    frequency.reason =
        probe["cpufreq." + known.front().name + (known.front().current ? ".hardware_max" : ".current")]
            .reason;
}

void begin_means(const FrequencyTrace& trace, Sample& before) {
  if (!trace) return;
  for (const auto& policy : before.policies)
    if (const auto cpu = traced_cpu(policy))
      if (const auto now = trace(*cpu)) before.traced[*cpu] = *now;
}

void sense_cpufreq(const std::string& root, Sample& sample) {
  FileTree tree(root);
  const Sample nothing;
  sample = {};
  const FrequencyTrace untraced;
  Probe probe{tree, nothing, sample, untraced};
  sense_cpufreq(probe);
}

}  // namespace ebb
