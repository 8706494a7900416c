// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/decision.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "decide/mode.hpp"
#include "sense/cpufreq.hpp"

namespace ebb {
namespace {

std::chrono::milliseconds monotonic() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

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
    const std::uint64_t packets = packets_of(now, slots[i]) - packets_of(before, slots[i]);
    if (one.kind == ClassKind::urgent) out.traffic.urgent += packets;
    if (one.kind == ClassKind::bulk) out.traffic.bulk = std::max(out.traffic.bulk, packets);
    if (packets > 0 && one.governor != GovernorWish{}) out.wishes.push_back(one.governor);
  }
  return out;
}

}  // namespace

void Decision::judge(const Config& config, const Hold* hold) {
  const auto before = memory.state;
  sensed_ = memory = decide_state(config.states, sensed_, sample, monotonic());
  if (hold && memory.state != PowerState::critical) {
    memory.state = hold->state;
    memory.rule = "hold." + hold->id;
    memory.values = {{"reason", hold->reason}};
  }
  if (memory.state == before) return;
  since = std::chrono::system_clock::now();
  spdlog::info("state {} -> {} ({})", word(before), word(memory.state), memory.rule);
}

void Decision::renew(const Config& config, const std::string& root, const Maps& maps,
                     const PolicyHost& policy, const Hold* hold) {
  sample = {};
  sense_cpufreq(root, sample);
  const bool first = !memory.decided;
  judge(config, hold);
  if (first && !sample.frequency)
    log_warning(
        {"the frequency is unknown: " + sample.readings["frequency"].reason,
         "the state stays " + std::string(word(memory.state)) + "; rules on frequency never apply here"});
  auto counters = maps.read_counters();
  if (!counters) return log_error(counters.error());
  const auto now = carried(config, policy.slots(), counted, *counters);
  mode = decide_mode(now.traffic, config.interval);
  wishes = now.wishes;
  counted = *counters;
}

bool Decision::urgent(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::vector<std::uint8_t>& seen) {
  if (seen.empty() || mode == TrafficMode::interactive) return false;
  mode = TrafficMode::interactive;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (std::ranges::find(seen, slots[i]) != seen.end() && config.classes[i].governor != GovernorWish{})
      wishes.push_back(config.classes[i].governor);
  return true;
}

}  // namespace ebb
