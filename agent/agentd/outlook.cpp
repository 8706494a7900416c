// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/outlook.hpp"

#include "agentd/status.hpp"

namespace ebb {
namespace {

using nlohmann::json;

double seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

const char* word_of(Truth truth) {
  return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "unknown";
}

json need_json(const Need& need) {
  return {{"sensor", kind_of(need.sensor).name},
          {"wanted", need.wanted},
          {"now", need.now},
          {"holds", word_of(need.holds)},
          {"away", need.away ? json(*need.away) : json(nullptr)},
          {"unit", need.unit},
          {"reason", need.reason}};
}

json ways_json(const std::vector<Way>& ways) {
  json out = json::array();
  for (const Way& way : ways) {
    json needs = json::array();
    for (const Need& need : way.needs) needs.push_back(need_json(need));
    out.push_back({{"rule", way.rule},
                   {"tier", word(way.tier)},
                   {"needs", std::move(needs)},
                   {"for_seconds", seconds(way.hold_for)},
                   {"remaining_seconds", seconds(way.remaining)},
                   {"outranked", way.outranked}});
  }
  return out;
}

}  // namespace

json outlook_json(const StateMemory& memory, const Outlook& outlook,
                  std::chrono::system_clock::time_point since) {
  json others = json::array();
  for (const Prospect& other : outlook.others)
    others.push_back({{"state", word(other.state)}, {"ways", ways_json(other.ways)}});
  json waiting = nullptr;
  if (outlook.waiting)
    waiting = {{"state", word(*outlook.waiting)}, {"seconds", seconds(outlook.dwell_left)}};
  return {{"state", word(memory.state)},
          {"since", rfc3339(since)},
          {"reason", {{"rule", memory.rule}, {"tier", word(memory.tier)}, {"values", memory.values}}},
          {"flaps", memory.flaps},
          {"waiting", std::move(waiting)},
          {"self_capped", outlook.self_cap ? json(reason(*outlook.self_cap)) : json(nullptr)},
          {"self_raised", outlook.self_floor ? json(reason(*outlook.self_floor)) : json(nullptr)},
          {"leaving", ways_json(outlook.leaving)},
          {"others", std::move(others)}};
}

}  // namespace ebb
