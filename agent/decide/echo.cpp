// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/echo.hpp"

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

std::optional<SelfCap> self_cap(const Sample& sample, const Caps& caps) {
  std::optional<SelfCap> tightest;
  for (const CpufreqPolicy& policy : sample.policies) {
    const auto cap = caps.find(policy.name);
    if (cap == caps.end() || !policy.current) continue;
    const auto limit = static_cast<double>(cap->second);
    if (static_cast<double>(*policy.current) < binds * limit) continue;
    const double percent =
        policy.hardware_max ? 100 * limit / static_cast<double>(*policy.hardware_max) : 100;
    if (!tightest || percent < tightest->percent) tightest = SelfCap{policy.name, cap->second, percent};
  }
  return tightest;
}

std::string reason(const SelfCap& cap) {
  char megahertz[32];
  std::snprintf(megahertz, sizeof megahertz, "%.10g", static_cast<double>(cap.kilohertz) / 1000);
  return "Ebb's own limit of " + std::string(megahertz) + " MHz on " + cap.policy + " binds";
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
