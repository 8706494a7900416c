// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/decision.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"

namespace ebb {
namespace {

std::uint64_t packets_of(const Counters& counters, std::uint8_t slot) {
  std::uint64_t packets = 0;
  for (const auto& count : counters.classes[slot].verdict) packets += count.packets;
  return packets;
}

struct Carried {
  Traffic traffic;
  std::vector<GovernorWish> wishes;
};

// What the classes carried since the last sample.
Carried carried(const Config& config, const std::vector<std::uint8_t>& slots, const Counters& before,
                const Counters& now) {
  Carried out;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto& one = config.classes[i];
    // Less than before: the slot has another class since.
    const std::uint64_t until_now = packets_of(now, slots[i]), earlier = packets_of(before, slots[i]);
    const std::uint64_t packets = until_now < earlier ? until_now : until_now - earlier;
    if (one.kind == ClassKind::urgent) out.traffic.urgent += packets;
    if (one.kind == ClassKind::bulk) out.traffic.bulk = std::max(out.traffic.bulk, packets);
    if (packets > 0 && one.governor != GovernorWish{}) out.wishes.push_back(one.governor);
  }
  return out;
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

void Decision::renew(const Config& config, Sensors& sensors, std::chrono::milliseconds now, const Maps& maps,
                     const PolicyHost& policy) {
  sample = sensors.read(now);
  recorded = sensors.tree().recorded();
  const bool first = !memory.decided;
  judge(config, now);
  if (first && !sample.frequency && names_frequency(config.states))
    log_warning({"the frequency is unknown: " + sample.readings["frequency"].reason,
                 "rules on frequency never apply here; agentctl explain shows the others"});
  if (now - recommended_at >= config.interval / 2) {  // an event between two intervals is no sample of it
    concurrency = recommend(concurrency, sample, self_cap(sample, limits).has_value(), online_cpus(sample));
    recommended_at = now;
  }
  renew_mode(config, maps, policy, now);
}

void Decision::judge(const Config& config, std::chrono::milliseconds now) {
  const auto before = memory.state;
  memory = decide_state(config.states, memory, input(now));
  if (memory.state == before) return;
  since = std::chrono::system_clock::now();
  spdlog::info("state {} -> {} ({}){}", word(before), word(memory.state), memory.rule,
               recorded ? " at " + std::to_string(recorded->count()) + " ms of the record" : "");
}

bool Decision::urgent(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::vector<std::uint8_t>& seen, std::chrono::milliseconds now) {
  if (seen.empty()) return false;
  const auto before = mode();
  traffic = urgent_seen(traffic, now);
  if (before == mode()) return false;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (std::ranges::find(seen, slots[i]) != seen.end() && config.classes[i].governor != GovernorWish{})
      wishes.push_back(config.classes[i].governor);
  return true;
}

void Decision::renew_mode(const Config& config, const Maps& maps, const PolicyHost& policy,
                          std::chrono::milliseconds now) {
  const auto counters = maps.read_counters();
  auto seen = carried(config, policy.slots(), counted, counters);
  seen.traffic.time = now - counted_at;
  traffic = decide_mode(traffic, seen.traffic, now);
  if (seen.traffic.time < shortest_rate) return;  // counted with the next ones
  // Who woke the machine has not gone while the mode that it brought lasts.
  if (traffic.mode != TrafficMode::interactive || !seen.wishes.empty()) wishes = std::move(seen.wishes);
  counted = counters;
  counted_at = now;
}

}  // namespace ebb
