// SPDX-License-Identifier: GPL-2.0-or-later
// Idle states: Documentation/admin-guide/pm/cpuidle.rst. The counters are the kernel's memory: no CPU wakes.
#include <algorithm>

#include "base/file.hpp"
#include "sense/sources.hpp"

namespace ebb {
namespace {

const std::string cpuidle_folder = "/sys/devices/system/cpu";
constexpr std::size_t most_cpus = 32;    // they stand for all: two files per state and CPU
constexpr std::size_t most_states = 10;  // CPUIDLE_STATE_MAX

struct Sum {
  std::uint64_t usage = 0, microseconds = 0;
  std::string why;  // it is not known
};

void add(const Probe& probe, const std::string& path, std::uint64_t& sum, std::string& why) {
  const auto text = probe.tree.read(path);
  const auto value = text ? parse_number(*text) : Result<std::uint64_t>(tl::unexpected(text.error()));
  if (value)
    sum += *value;
  else if (why.empty())
    why = text ? probe.tree.where(path) + ": " + value.error().what : value.error().what;
}

// The CPUs that have idle states; an offline one's stand still.
std::vector<std::string> idlers(const Probe& probe) {
  std::vector<std::string> out;
  for (const auto& cpu : probe.names(cpuidle_folder, "cpu", 8192)) {
    if (out.size() == most_cpus) break;
    if (cpu.find_first_not_of("0123456789", 3) != std::string::npos || cpu.size() == 3) continue;
    if (const std::string path = cpuidle_folder + "/" + cpu + "/cpuidle"; !probe.tree.list(path).empty())
      out.push_back(path);
  }
  return out;
}

}  // namespace

void sense_cpuidle(Probe& probe) {
  const auto cpus = idlers(probe);
  if (cpus.empty()) return;
  probe["cpuidle.driver"] = probe.word(cpuidle_folder + "/cpuidle/current_driver");
  const double microseconds = probe.seconds() * 1e6 * static_cast<double>(cpus.size());
  std::optional<double> wakeups = 0;
  std::string why = "one sample is not enough";
  for (const auto& state : probe.names(cpus.front(), "state", most_states)) {
    Sum sum;
    for (const auto& cpu : cpus) {
      add(probe, cpu + "/" + state + "/usage", sum.usage, sum.why);
      add(probe, cpu + "/" + state + "/time", sum.microseconds, sum.why);
    }
    const std::string name = "cpuidle." + state + ".";
    const auto label = cpus.front() + "/" + state + "/name";
    probe[name + "name"] = probe.fixed_word(label);
    Reading& residency = probe[name + "residency"] = unknown("percent", sum.why.empty() ? why : sum.why);
    residency.silent = sum.why.empty();
    if (!sum.why.empty()) why = sum.why;
    const auto count = sum.why.empty() ? probe.growth(name + "usage", sum.usage) : std::nullopt;
    const auto time = sum.why.empty() ? probe.growth(name + "time", sum.microseconds) : std::nullopt;
    // A state's time is written when it is left: a long idle time counts whole where it ends.
    if (time && microseconds > 0) residency = number("percent", std::min(100.0, 100 * *time / microseconds));
    wakeups = wakeups && count ? std::optional(*wakeups + *count) : std::nullopt;
  }
  probe["cpuidle.wakeups"] = wakeups && microseconds > 0 ? number("per_second", *wakeups / probe.seconds())
                                                         : unknown("per_second", why);
}

}  // namespace ebb
