// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/decision.hpp"

#include <algorithm>
#include <ctime>

#include "base/log.hpp"
#include "decide/mode.hpp"

namespace ebb {
namespace {

// Goes on while the machine is suspended, and nobody sets it.
std::chrono::milliseconds boottime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000);
}

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

void Decision::renew(const Config& config, Sensors& sensors, const Maps& maps, const PolicyHost& policy) {
  sample = sensors.read(boottime());
  const auto before = memory.state;
  const bool first = !memory.decided;
  memory = decide_state(config.states, memory, sample, sample.at);
  if (first && !sample.frequency)
    log_warning(
        {"the frequency is unknown: " + sample.readings["frequency"].reason,
         "the state stays " + std::string(word(memory.state)) + "; rules on frequency never apply here"});
  if (memory.state != before) {
    since = std::chrono::system_clock::now();
    spdlog::info("state {} -> {} ({})", word(before), word(memory.state), memory.rule);
  }
  auto counters = maps.read_counters();
  if (!counters) return log_error(counters.error());
  mode = decide_mode(traffic_of(config, policy.slots(), counted, *counters), config.interval);
  counted = *counters;
}

}  // namespace ebb
