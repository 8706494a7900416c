// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/concurrency.hpp"

#include <algorithm>

#include "decide/conditions.hpp"

namespace ebb {
namespace {

constexpr double low_percent = 50, high_percent = 80;
constexpr double pressed_percent = 10, free_percent = 1;  // PSI some, of the time
constexpr double long_queue = 2;                          // runnable tasks per CPU
constexpr unsigned pinched_samples = 3;
constexpr unsigned few = 4, many = 128;

std::optional<double> average_frequency(const Sample& sample) {
  double sum = 0;
  unsigned count = 0;
  for (const CpufreqPolicy& policy : sample.policies) {
    const auto percent = policy.percent(policy.current);
    if (!percent) continue;
    sum += *percent;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / count);
}

}  // namespace

Concurrency recommend(const Concurrency& before, const Sample& sample, bool self_capped, unsigned cpus) {
  const auto frequency = average_frequency(sample);
  const auto pressure = number_of(sample, "memory_pressure");
  const auto queue = number_of(sample, "run_queue");
  const bool pinched =
      !self_capped && frequency && *frequency < low_percent && pressure && *pressure > pressed_percent;
  Concurrency now{.pinched = pinched ? std::min(before.pinched + 1, pinched_samples) : 0};
  if (now.pinched == pinched_samples) {
    now.workers = std::min(few, cpus);
    now.why = "low frequency and memory pressure in three samples";
  } else if (frequency && *frequency > high_percent && pressure && *pressure < free_percent && queue &&
             *queue > long_queue) {
    now.workers = std::min(cpus, many / 2) * 2;
    now.why = "high frequency, a long run queue and no memory pressure";
  } else {
    now.workers = cpus;
    now.why = "one for each CPU";
  }
  return now;
}

}  // namespace ebb
