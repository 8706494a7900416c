// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/decision.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "decide/mode.hpp"

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

}  // namespace

void Decision::renew(const Config& config, Sensors& sensors, std::chrono::milliseconds now, const Maps& maps,
                     const PolicyHost& policy) {
  sample = sensors.read(now);
  const auto before = memory.state;
  const bool first = !memory.decided;
  memory = decide_state(config.states, memory, sample, sample.at);
  if (first && !sample.frequency)
    log_warning(
        {"the frequency is unknown: " + sample.readings["frequency"].reason,
         "the state stays " + std::string(word(memory.state)) + "; rules on frequency never apply here"});
  if (memory.state != before) {
    since = std::chrono::system_clock::now();
    const auto recorded = sensors.tree().recorded();
    spdlog::info("state {} -> {} ({}){}", word(before), word(memory.state), memory.rule,
                 recorded ? " at " + std::to_string(recorded->count()) + " ms of the record" : "");
  }
  auto counters = maps.read_counters();
  if (!counters) return log_error(counters.error());
  mode = decide_mode(traffic_of(config, policy.slots(), counted, *counters), config.interval);
  counted = *counters;
}

}  // namespace ebb
