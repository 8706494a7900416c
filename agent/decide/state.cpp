// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/state.hpp"

#include <algorithm>

namespace ebb {
namespace {

using std::chrono::milliseconds;

// Most saving first; balanced is what is left.
constexpr std::array ruled_states = {PowerState::critical, PowerState::power_saver, PowerState::performance};

template <typename Array>
auto& of(Array& by_state, PowerState state) {
  return by_state[static_cast<std::size_t>(state)];
}

// Keeps the time; true once the rule has held for its whole `for`.
bool lasts(Latch& latch, const StateRule& rule, Truth now_is, milliseconds now) {
  if (now_is != Truth::yes) {
    latch.since.reset();
    return false;
  }
  if (!latch.since) latch.since = now;
  return now - *latch.since >= rule.hold_for;
}

// Whether the rule, which has entered, is over.
bool is_over(const StateRules& rules, std::size_t i, const std::vector<bool>& left, const View& view) {
  bool answered = false;
  for (std::size_t j = 0; j < rules.leave.size(); ++j) {
    if (!ends(rules.leave[j], rules.enter[i])) continue;
    if (left[j]) return true;
    answered = true;
  }
  return !answered && all(rules.enter[i], view, leaves) == Truth::no;
}

bool on_frequency(const StateRule& rule) {
  return std::ranges::any_of(rule.when, [](const Condition& c) { return c.sensor == Sensor::frequency; });
}

void follow(const StateRules& rules, StateLatches& latches, const View& view, milliseconds now,
            std::optional<double>& tight) {
  latches.enter.resize(rules.enter.size());
  latches.leave.resize(rules.leave.size());
  std::vector<bool> left;
  for (std::size_t j = 0; j < rules.leave.size(); ++j)
    left.push_back(lasts(latches.leave[j], rules.leave[j], all(rules.leave[j], view, leaves), now));
  for (std::size_t i = 0; i < rules.enter.size(); ++i) {
    Latch& latch = latches.enter[i];
    const bool entered = lasts(latch, rules.enter[i], all(rules.enter[i], view, enters), now);
    if (!latch.on) {
      latch.on = entered;
    } else if (is_over(rules, i, left, view)) {
      latch = {};
      if (view.cap && view.busy && on_frequency(rules.enter[i])) tight = view.cap->percent;
    }
  }
}

struct Wish {
  PowerState state = PowerState::balanced;
  Tier tier = Tier::fallback;
  std::string rule;
  std::optional<std::size_t> entry = {};
  std::vector<const StateRule*> about = {};  // whose values are told
};

std::vector<const StateRule*> pointers(const std::vector<StateRule>& rules) {
  std::vector<const StateRule*> out;
  for (const StateRule& rule : rules) out.push_back(&rule);
  return out;
}

// No rule lasts: the state was left, or nothing was ever entered.
Wish fallback(const States& rules, const StateMemory& memory) {
  Wish wish;
  const bool left = memory.decided && memory.tier != Tier::fallback && memory.tier != Tier::hold;
  wish.rule = left                        ? std::string(word(memory.state)) + ".leave"
              : memory.tier == Tier::hold ? "default"
                                          : memory.rule;
  for (const auto state : ruled_states)
    if (!left || state == memory.state)
      for (const StateRule* rule : pointers(of(rules, state).enter)) wish.about.push_back(rule);
  return wish;
}

// What sensors and hold ask for, whatever the dwell times say.
Wish wish(const States& rules, const StateMemory& memory, const Hold* hold) {
  Wish best = fallback(rules, memory);
  for (const auto state : ruled_states) {
    const auto& enter = of(rules, state).enter;
    for (std::size_t i = 0; i < enter.size(); ++i) {
      const Tier tier = tier_of(enter[i], state);
      if (of(memory.latches, state).enter[i].on && tier > best.tier)
        best = {state, tier, rule_name(state, "enter", i, enter.size()), i, {&enter[i]}};
    }
  }
  if (hold && best.tier < Tier::hold) best = {hold->state, Tier::hold, "hold"};
  return best;
}

bool unknown(const States& rules, PowerState state, std::optional<std::size_t> entry, const View& view) {
  const auto& enter = of(rules, state).enter;
  return entry && *entry < enter.size() && all(enter[*entry], view, leaves) == Truth::unknown;
}

// Whether what asks for the change, or what it leaves, cannot be seen now.
bool in_the_dark(const States& rules, const StateMemory& memory, const Wish& next, const View& view) {
  const auto& latches = of(memory.latches, memory.state).enter;
  const bool left = memory.entry && *memory.entry < latches.size() && !latches[*memory.entry].on;
  return unknown(rules, next.state, next.entry, view) ||
         (left && unknown(rules, memory.state, memory.entry, view));
}

std::map<std::string, std::string> values(const Wish& wish, const View& view, const Hold* hold) {
  if (wish.tier == Tier::hold) return {{"id", hold->id}, {"reason", hold->reason}, {"who", hold->who}};
  std::map<std::string, std::string> out;
  for (const StateRule* rule : wish.about)
    for (const Condition& c : rule->when) out.emplace(kind_of(c.sensor).name, value_text(c.sensor, view));
  return out;
}

}  // namespace

View view_of(const StateMemory& memory, const StateInput& in) {
  View view{
      .sample = in.sample, .cap = self_cap(in.sample, in.limits), .floor = self_floor(in.sample, in.limits)};
  view.busy = view.cap && busy(in.sample);
  view.blocked = memory.tight && !fits(in.sample, *memory.tight);
  return view;
}

bool ends(const StateRule& leave, const StateRule& enter) {
  return std::ranges::any_of(leave.when, [&](const Condition& one) {
    return std::ranges::any_of(enter.when,
                               [&](const Condition& other) { return one.sensor == other.sensor; });
  });
}

Tier tier_of(const StateRule& rule, PowerState state) {
  Tier tier = Tier::load;
  for (const Condition& c : rule.when) tier = std::max(tier, kind_of(c.sensor).tier);
  return state == PowerState::critical && tier == Tier::level ? Tier::critical : tier;
}

std::string rule_name(PowerState state, const char* key, std::size_t i, std::size_t count) {
  std::string name = std::string(word(state)) + "." + key;
  return count > 1 ? name + "[" + std::to_string(i + 1) + "]" : name;
}

milliseconds dwell_between(const States& rules, PowerState a, PowerState b) {
  const auto dwell = [&](PowerState state) {
    return of(rules, state).configured ? of(rules, state).dwell : milliseconds{0};
  };
  return std::max(dwell(a), dwell(b));
}

StateMemory decide_state(const States& rules, const StateMemory& memory, const StateInput& in) {
  StateMemory after = memory;
  after.suppressed.reset();
  const View view = view_of(memory, in);
  if (!view.blocked) after.tight.reset();
  for (const auto state : ruled_states)
    follow(of(rules, state), of(after.latches, state), view, in.now, after.tight);
  after.hold.reset();
  if (in.hold) after.hold = {in.hold->id, in.hold->state};

  const Wish next = wish(rules, after, in.hold);
  const bool change = memory.decided && next.state != memory.state;
  const bool by_hold = after.hold != memory.hold;
  const bool waits = next.state != PowerState::critical &&
                     in.now - memory.since < dwell_between(rules, memory.state, next.state);
  if (change && !by_hold && (waits || in_the_dark(rules, after, next, view))) {
    if (waits && memory.suppressed != next.state) ++after.flaps;
    after.suppressed = next.state;
    return after;
  }
  if (!memory.decided || change || next.rule != memory.rule || by_hold)
    after.values = values(next, view, in.hold);
  if (!memory.decided || change) after.since = in.now;
  if (change) ++after.changes;
  after.state = next.state;
  after.rule = next.rule;
  after.tier = next.tier;
  after.entry = next.entry;
  after.decided = true;
  return after;
}

std::string because(const StateMemory& memory) {
  std::string text = memory.rule;
  for (const auto& [sensor, value] : memory.values) text += ", " + sensor + " " + value;
  return text;
}

StateMemory carried_over(const States& before, const States& after, StateMemory memory) {
  const auto carry = [](const std::vector<StateRule>& from, const std::vector<StateRule>& to,
                        std::vector<Latch>& latches) {
    latches.resize(from.size());
    std::vector<Latch> kept(to.size());
    for (std::size_t i = 0; i < to.size(); ++i)
      if (const auto same = std::find(from.begin(), from.end(), to[i]); same != from.end())
        kept[i] = latches[static_cast<std::size_t>(same - from.begin())];
    latches = std::move(kept);
  };
  if (memory.entry) {
    const auto& from = of(before, memory.state).enter;
    const auto& to = of(after, memory.state).enter;
    const auto same =
        *memory.entry < from.size() ? std::find(to.begin(), to.end(), from[*memory.entry]) : to.end();
    memory.entry.reset();
    if (same != to.end()) memory.entry = static_cast<std::size_t>(same - to.begin());
  }
  for (const auto state : ruled_states) {
    carry(of(before, state).enter, of(after, state).enter, of(memory.latches, state).enter);
    carry(of(before, state).leave, of(after, state).leave, of(memory.latches, state).leave);
  }
  return memory;
}

}  // namespace ebb
