// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/echo.hpp"

#include <algorithm>
#include <cstdio>

#include "decide/conditions.hpp"

namespace ebb {
namespace {

constexpr double binds = 0.95;                   // DESIGN 4.2
constexpr double busy_percent = 90;              // of the time
constexpr double room = 0.7;                     // share of a cap that the work may need
constexpr double crowded = 1, uncrowded = 0.5;   // runnable tasks per CPU
constexpr double waiting = 30, not_waiting = 5;  // percent of the time, PSI

std::optional<double> utilisation(const Sample& sample) {
  const auto busiest = number_of(sample, "utilisation.busiest");
  return busiest ? busiest : number_of(sample, "utilisation");
}

}  // namespace

std::optional<OwnLimit> self_cap(const Sample& sample, const OwnLimits& limits) {
  std::optional<OwnLimit> tightest;
  for (const CpufreqPolicy& policy : sample.policies) {
    const auto cap = limits.max.find(policy.name);
    if (cap == limits.max.end() || !policy.current) continue;
    const auto limit = static_cast<double>(cap->second);
    if (static_cast<double>(std::max(*policy.current, policy.mean.value_or(0))) < binds * limit) continue;
    const double percent = policy.percent(cap->second).value_or(100);
    if (!tightest || percent < tightest->percent) tightest = OwnLimit{policy.name, cap->second, percent};
  }
  return tightest;
}

std::optional<OwnLimit> self_floor(const Sample& sample, const OwnLimits& limits) {
  std::optional<double> highest;
  for (const CpufreqPolicy& policy : sample.policies)
    highest = std::max(highest, policy.percent(policy.speed()));
  std::optional<OwnLimit> floor;
  for (const CpufreqPolicy& policy : sample.policies) {
    if (!highest || policy.percent(policy.speed()) != highest) continue;
    const auto own = limits.min.find(policy.name);
    if (own == limits.min.end()) return std::nullopt;
    const auto limit = static_cast<double>(own->second);
    if (binds * static_cast<double>(*policy.speed()) > limit) return std::nullopt;
    floor = OwnLimit{policy.name, own->second, *policy.percent(own->second), true};
  }
  return floor;
}

std::string reason(const OwnLimit& limit) {
  char megahertz[32];
  std::snprintf(megahertz, sizeof megahertz, "%.10g", static_cast<double>(limit.kilohertz) / 1000);
  return std::string("Ebb's own ") + (limit.minimum ? "minimum" : "limit") + " of " + megahertz + " MHz on " +
         limit.policy + " binds";
}

bool busy(const Sample& sample) {
  if (const auto share = utilisation(sample)) return *share > busy_percent;
  if (const auto queue = number_of(sample, "run_queue")) return *queue > crowded;
  if (const auto pressure = number_of(sample, "cpu_pressure")) return *pressure > waiting;
  return true;
}

bool fits(const Sample& sample, double percent) {
  const auto share = utilisation(sample);
  if (share && sample.frequency) return *share / 100 * sample.frequency->percent < room * percent;
  if (const auto queue = number_of(sample, "run_queue")) return *queue < uncrowded;
  if (const auto pressure = number_of(sample, "cpu_pressure")) return *pressure < not_waiting;
  return false;
}

}  // namespace ebb
