// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/decision.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "base/log.hpp"

namespace ebb {
namespace {

// The packets of urgent and bulk classes since the last sample.
Traffic traffic_of(const Config& config, const std::vector<std::uint8_t>& slots, const Counters& before,
                   const Counters& now) {
  Traffic traffic;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::uint64_t packets = 0;
    for (std::size_t verdict = 0; verdict < EBB_VERDICTS; ++verdict)
      packets +=
          now.classes[slots[i]].verdict[verdict].packets - before.classes[slots[i]].verdict[verdict].packets;
    if (config.classes[i].kind == ClassKind::urgent) traffic.urgent += packets;
    if (config.classes[i].kind == ClassKind::bulk) traffic.bulk = std::max(traffic.bulk, packets);
  }
  return traffic;
}

unsigned online_cpus(const Sample& sample) {
  if (const auto seen = number_of(sample, "cpu.online")) return static_cast<unsigned>(*seen);
  return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

bool names_frequency(const States& states) {
  return std::ranges::any_of(states, [](const StateRules& rules) {
    return std::ranges::any_of(rules.enter, [](const StateRule& rule) {
      return std::ranges::any_of(rule.when, [](const Condition& c) { return c.sensor == Sensor::frequency; });
    });
  });
}

}  // namespace

std::chrono::milliseconds boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000);
}

void Decision::renew(const Config& config, Sensors& sensors, const Maps& maps, const PolicyHost& policy) {
  sample = sensors.read(boot_time());
  const auto before = memory.state;
  const bool first = !memory.decided;
  const auto now = sample.at;
  memory = decide_state(config.states, memory, input(now));
  if (first && !sample.frequency && names_frequency(config.states))
    log_warning({"the frequency is unknown: " + sample.readings["frequency"].reason,
                 "rules on frequency never apply here; agentctl explain shows the others"});
  if (memory.state != before) {
    since = std::chrono::system_clock::now();
    spdlog::info("state {} -> {} ({})", word(before), word(memory.state), memory.rule);
  }
  if (now - recommended_at >= config.interval / 2) {  // an event between two intervals is no sample of it
    concurrency = recommend(concurrency, sample, self_cap(sample, caps).has_value(), online_cpus(sample));
    recommended_at = now;
  }
  renew_mode(config, maps, policy, now);
}

void Decision::renew_mode(const Config& config, const Maps& maps, const PolicyHost& policy,
                          std::chrono::milliseconds now) {
  auto counters = maps.read_counters();
  if (!counters) return log_error(counters.error());
  Traffic carried = traffic_of(config, policy.slots(), counted, *counters);
  carried.time = now - counted_at;
  traffic = decide_mode(traffic, carried, now);
  if (carried.time < shortest_rate) return;  // counted with the next ones
  counted = *counters;
  counted_at = now;
}

}  // namespace ebb
