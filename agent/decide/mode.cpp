// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/mode.hpp"

namespace ebb {
namespace {

// In floating point: counters times 1000 may not fit 64 bits.
double per_second(std::uint64_t packets, std::chrono::milliseconds time) {
  return static_cast<double>(packets) * 1000 / static_cast<double>(time.count());
}

bool is_bulk(const ModeMemory& memory, const Traffic& traffic) {
  const bool before = memory.mode == TrafficMode::bulk;
  if (traffic.time < shortest_rate) return before;
  const double rate = per_second(traffic.bulk, traffic.time);
  return before ? rate >= static_cast<double>(bulk_ends) : rate > static_cast<double>(bulk_begins);
}

}  // namespace

ModeMemory urgent_seen(ModeMemory memory, std::chrono::milliseconds now) {
  memory.mode = TrafficMode::interactive;
  memory.urgent = now;
  return memory;
}

ModeMemory decide_mode(const ModeMemory& memory, const Traffic& traffic, std::chrono::milliseconds now) {
  if (traffic.urgent > 0) return urgent_seen(memory, now);
  ModeMemory after = memory;
  const bool session = memory.urgent && now - *memory.urgent < interactive_quiet;
  if (session) return after;
  after.urgent.reset();
  after.mode = is_bulk(memory, traffic) ? TrafficMode::bulk : TrafficMode::quiet;
  return after;
}

}  // namespace ebb
