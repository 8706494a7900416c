// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/outlook.hpp"

#include <algorithm>
#include <cmath>

namespace ebb {
namespace {

using std::chrono::milliseconds;

constexpr std::array most_saving_first = {PowerState::critical, PowerState::power_saver, PowerState::balanced,
                                          PowerState::performance};

std::string why_unknown(const Condition& condition, const View& view) {
  if (condition.sensor == Sensor::frequency && view.cap) return reason(*view.cap);
  if (condition.sensor == Sensor::frequency && view.floor) return reason(*view.floor);
  if (condition.sensor == Sensor::frequency && view.blocked && view.sample.frequency)
    return "the work of now would not fit under the cap that was left";
  const auto found = view.sample.readings.find(std::string(kind_of(condition.sensor).name));
  return found == view.sample.readings.end() ? "there is no such sensor" : found->second.reason;
}

Need need(const Condition& condition, const View& view, Truth (*truth)(const Condition&, const View&)) {
  Need out{.sensor = condition.sensor,
           .wanted = condition.text,
           .now = value_text(condition.sensor, view),
           .holds = truth(condition, view),
           .unit = condition.hertz ? "kHz" : std::string(kind_of(condition.sensor).unit)};
  if (out.holds == Truth::unknown) out.reason = why_unknown(condition, view);
  const auto value = value_of(view.sample, condition.sensor, condition.hertz);
  if (out.holds == Truth::no && value && !kind_of(condition.sensor).speaks())
    out.away = std::abs(*value - condition.value);
  return out;
}

Way way(std::string name, const StateRule& rule, const Latch& latch, Tier tier, const View& view,
        milliseconds now, Truth (*truth)(const Condition&, const View&)) {
  Way out{.rule = std::move(name), .tier = tier, .hold_for = rule.hold_for, .remaining = rule.hold_for};
  for (const Condition& condition : rule.when) out.needs.push_back(need(condition, view, truth));
  if (latch.since) out.remaining = std::max(milliseconds{0}, rule.hold_for - (now - *latch.since));
  return out;
}

// How the rules of the state in force that last would end.
std::vector<Way> leaving(const StateRules& rules, const StateLatches& latches, PowerState state,
                         const View& view, milliseconds now) {
  std::vector<Way> out;
  for (std::size_t i = 0; i < rules.enter.size(); ++i) {
    if (!latches.enter[i].on) continue;
    bool answered = false;
    for (std::size_t j = 0; j < rules.leave.size(); ++j) {
      if (!ends(rules.leave[j], rules.enter[i])) continue;
      answered = true;
      const std::string name = rule_name(state, "leave", j, rules.leave.size());
      if (std::ranges::none_of(out, [&](const Way& w) { return w.rule == name; }))
        out.push_back(
            way(name, rules.leave[j], latches.leave[j], tier_of(rules.enter[i], state), view, now, leaves));
    }
    if (answered) continue;
    Way end = way(rule_name(state, "enter", i, rules.enter.size()) + " ends", rules.enter[i], {},
                  tier_of(rules.enter[i], state), view, now, leaves);
    end.hold_for = end.remaining = milliseconds{0};
    out.push_back(std::move(end));
  }
  return out;
}

}  // namespace

Outlook outlook(const States& rules, const StateMemory& memory, const StateInput& in) {
  const View view = view_of(memory, in);
  Outlook out{.waiting = memory.suppressed, .self_cap = view.cap, .self_floor = view.floor};
  for (const auto state : most_saving_first) {
    const auto at = static_cast<std::size_t>(state);
    if (state == memory.state) {
      if (state != PowerState::balanced && memory.tier != Tier::hold)
        out.leaving = leaving(rules[at], memory.latches[at], state, view, in.now);
      continue;
    }
    Prospect prospect{.state = state};
    const auto& enter = rules[at].enter;
    for (std::size_t i = 0; i < enter.size(); ++i) {
      const Tier tier = tier_of(enter[i], state);
      Way one = way(rule_name(state, "enter", i, enter.size()), enter[i], memory.latches[at].enter[i], tier,
                    view, in.now, enters);
      one.outranked = tier < memory.tier || (tier == memory.tier && state < memory.state);
      prospect.ways.push_back(std::move(one));
    }
    out.others.push_back(std::move(prospect));
  }
  if (memory.suppressed)
    out.dwell_left = std::max(milliseconds{0},
                              memory.since + dwell_between(rules, memory.state, *memory.suppressed) - in.now);
  return out;
}

}  // namespace ebb
