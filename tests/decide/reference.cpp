// SPDX-License-Identifier: GPL-2.0-or-later
#include "reference.hpp"

namespace ebb::test {
namespace {

constexpr int rank_load = 1, rank_supply = 2, rank_level = 3, rank_hold = 4, rank_critical = 5;

// The tiers of the documentation, by name: what the table of sensors says is not asked.
int rank_of(const StateRule& rule, PowerState state) {
  int rank = rank_load;
  for (const Condition& c : rule.when) {
    const auto name = kind_of(c.sensor).name;
    if ((name == "mains" || name == "battery_power") && rank < rank_supply) rank = rank_supply;
    if (name == "battery" || name == "temperature" || name == "heat_margin" || name == "under_voltage")
      rank = state == PowerState::critical ? rank_critical : rank_level;
  }
  return rank;
}

bool same_sensor(const StateRule& a, const StateRule& b) {
  for (const Condition& x : a.when)
    for (const Condition& y : b.when)
      if (x.sensor == y.sensor) return true;
  return false;
}

}  // namespace

Reference::Reference(const std::array<StateRules, 4>& rules) : rules_(rules) {
  for (const int which : {3, 2, 0}) {  // critical, power-saver, performance
    const StateRules& own = rules[static_cast<std::size_t>(which)];
    const std::size_t first = enders_.size();
    for (const StateRule& leave : own.leave) enders_.push_back({&leave, {}, false});
    for (std::size_t i = 0; i < own.enter.size(); ++i) {
      Entry entry{static_cast<PowerState>(which), i + 1, own.enter.size(), 0, &own.enter[i], {}, false, {}};
      entry.rank = rank_of(own.enter[i], entry.state);
      for (std::size_t j = first; j < enders_.size(); ++j)
        if (same_sensor(*enders_[j].rule, own.enter[i])) entry.enders.push_back(j);
      entries_.push_back(entry);
    }
  }
}

// Of utilisation, run queue, pressure the first that is known.
bool Reference::busy(const Moment& m) {
  if (m.values[1]) return *m.values[1] > 90;
  if (m.values[2]) return *m.values[2] > 1;
  if (m.values[3]) return *m.values[3] > 30;
  return true;
}

bool Reference::too_much(const Moment& m) const {
  if (too_tight_ == 0) return false;
  if (m.values[1] && m.values[0]) return *m.values[1] * *m.values[0] / 100 >= 0.7 * too_tight_;
  if (m.values[2]) return *m.values[2] >= 0.5;
  if (m.values[3]) return *m.values[3] >= 5;
  return true;
}

Reference::Answer Reference::ask_frequency(const Condition& c, const Moment& m, bool entering) const {
  if (entering && (m.cap > 0 || (c.below && too_much(m)))) return unknown;
  if (!entering && m.cap > 0 && busy(m)) return c.below ? no : yes;
  const auto value = c.hertz ? m.kilohertz : m.values[0];
  if (!value) return unknown;
  const bool beyond = *value > c.value, under = *value < c.value;
  // Without Ebb's limit the frequency would be the same or higher, without its minimum the same or lower.
  const bool could_be_higher = m.cap > 0, could_be_lower = m.raised;
  if (c.below) {
    if (under) return could_be_higher ? unknown : yes;
    return could_be_lower ? unknown : no;
  }
  if (beyond) return could_be_lower ? unknown : yes;
  return could_be_higher ? unknown : no;
}

Reference::Answer Reference::ask(const StateRule& asked, const Moment& m, bool entering) const {
  bool doubt = false;
  for (const Condition& c : asked.when) {
    const auto& value = m.values[static_cast<std::size_t>(c.sensor)];
    Answer one = unknown;
    if (c.sensor == Sensor::frequency)
      one = ask_frequency(c, m, entering);
    else if (value && kind_of(c.sensor).speaks())
      one = kind_of(c.sensor).words[static_cast<std::size_t>(*value)] == c.text ? yes : no;
    else if (value)
      one = (c.below ? *value < c.value : *value > c.value) ? yes : no;
    if (one == no) return no;
    doubt = doubt || one == unknown;
  }
  return doubt ? unknown : yes;
}

void Reference::follow(const Moment& m) {
  if (!too_much(m)) too_tight_ = 0;
  double tight = too_tight_;
  for (Ender& ender : enders_) {
    if (ask(*ender.rule, m, false) != yes)
      ender.begun.reset();
    else if (!ender.begun)
      ender.begun = m.now;
    ender.over = ender.begun && m.now - *ender.begun >= ender.rule->hold_for.count();
  }
  for (Entry& entry : entries_) {
    if (ask(*entry.rule, m, true) != yes)
      entry.begun.reset();
    else if (!entry.begun)
      entry.begun = m.now;
    if (!entry.lasts) {
      entry.lasts = entry.begun && m.now - *entry.begun >= entry.rule->hold_for.count();
      continue;
    }
    bool over = false;
    for (const std::size_t j : entry.enders) over = over || enders_[j].over;
    if (entry.enders.empty()) over = ask(*entry.rule, m, false) == no;
    if (!over) continue;
    entry.lasts = false;
    entry.begun.reset();
    for (const Condition& c : entry.rule->when)
      if (c.sensor == Sensor::frequency && m.cap > 0 && busy(m)) tight = m.cap;
  }
  too_tight_ = tight;
}

long Reference::dwell(PowerState other) const {
  long longest = 0;
  for (const PowerState one : {state, other}) {
    const StateRules& own = rules_[static_cast<std::size_t>(one)];
    if (own.configured && own.dwell.count() > longest) longest = own.dwell.count();
  }
  return longest;
}

void Reference::see(const Moment& m) {
  follow(m);
  const Entry* best = nullptr;
  for (const Entry& entry : entries_)
    if (entry.lasts && (!best || entry.rank > best->rank)) best = &entry;
  const bool held = m.hold != 0 && (!best || best->rank < rank_hold);
  const bool hold_moved = m.hold != hold_;
  hold_ = m.hold;

  PowerState next = PowerState::balanced;
  std::string name;
  int next_rank = 0;
  if (held) {
    next = m.held;
    name = "hold";
    next_rank = rank_hold;
    best = nullptr;
  } else if (best) {
    next = best->state;
    next_rank = best->rank;
    name = std::string(power_state_words[static_cast<std::size_t>(next)]) + ".enter";
    if (best->of > 1) name += "[" + std::to_string(best->number) + "]";
  } else if (rank == 0) {
    name = rule;
  } else {
    name = rank == rank_hold ? "default"
                             : std::string(power_state_words[static_cast<std::size_t>(state)]) + ".leave";
  }

  waiting.reset();
  if (started_ && next != state && !hold_moved) {
    const bool early = next != PowerState::critical && m.now - since < dwell(next);
    bool dark = best && ask(*best->rule, m, false) == unknown;
    dark = dark || (deciding_ && !deciding_->lasts && ask(*deciding_->rule, m, false) == unknown);
    if (early && !(last_ && *last_ == next)) ++flaps;
    if (early || dark) {
      waiting = last_ = next;
      return;
    }
  }
  last_.reset();
  if (started_ && next != state) ++changes;
  if (!started_ || next != state) since = m.now;
  started_ = true;
  state = next;
  rule = name;
  rank = next_rank;
  deciding_ = best;
}

}  // namespace ebb::test
