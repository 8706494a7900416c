// SPDX-License-Identifier: GPL-2.0-or-later
// The proof `make prove-decide`: over random rules, sensors, caps and holds, the state is that of a plain
// reference, and what the documentation promises holds. decide_proof [SEQUENCES] [SEED].
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "decide/plan.hpp"
#include "decide/state.hpp"
#include "reference.hpp"

namespace ebb::test {
namespace {

constexpr unsigned steps = 12;
constexpr unsigned sequences_each = 20;  // with the same rules
constexpr unsigned worth_showing = 10;
constexpr double hardware_max = 2'000'000;       // kHz
constexpr std::uint64_t hardware_min = 200'000;  // kHz

struct Figures {
  std::uint64_t decisions = 0, changes = 0, into_critical = 0, by_hold = 0, held_back = 0, unknown = 0,
                capped = 0, raised = 0, wrong = 0;
} figures;

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  long below(long n) { return static_cast<long>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(long percent) { return below(100) < percent; }
  // A round number, so that thresholds are met exactly as well.
  double value(const SensorKind& kind) {
    if (kind.speaks()) return static_cast<double>(below(2));
    if (kind.name == "run_queue") return static_cast<double>(below(8)) / 2;
    return static_cast<double>(below(21)) * 5 - (kind.least < 0 ? 50 : 0);
  }

 private:
  std::mt19937_64 random_;
};

Condition condition(Random& random, Sensor sensor) {
  const SensorKind& kind = kind_of(sensor);
  Condition c{.sensor = sensor, .below = random.chance(50), .value = random.value(kind)};
  if (kind.speaks()) c.text = kind.words[static_cast<std::size_t>(c.value)];
  if (sensor == Sensor::frequency && random.chance(20)) {
    c.hertz = true;
    c.value = c.value / 100 * hardware_max;
  }
  return c;
}

// What excludes the condition, with a gap of up to 10 or none.
Condition opposite(Random& random, Condition c) {
  const SensorKind& kind = kind_of(c.sensor);
  if (kind.speaks()) {
    c.text = kind.words[c.text == kind.words[0] ? 1 : 0];
    return c;
  }
  const double gap = static_cast<double>(random.below(3)) * (c.hertz ? hardware_max / 20 : 5);
  c.value += c.below ? gap : -gap;
  c.below = !c.below;
  return c;
}

std::chrono::milliseconds time_of(Random& random, long least) {
  return std::chrono::milliseconds(least + random.below(5) * 5000);
}

States rules(Random& random) {
  States states;
  for (std::size_t state = 0; state < states.size(); ++state) {
    StateRules& own = states[state];
    own.configured = random.chance(90);
    own.dwell = time_of(random, 0);
    if (state == 1 || !own.configured) continue;  // balanced has no rules
    for (long i = random.below(3); i > 0; --i) {
      StateRule rule;
      for (long n = random.chance(30) ? 2 : 1; n > 0; --n)
        rule.when.push_back(condition(random, static_cast<Sensor>(random.below(sensor_kinds.size()))));
      if (rule.when.size() == 2 && rule.when[0].sensor == rule.when[1].sensor) rule.when.pop_back();
      if (random.chance(25)) rule.hold_for = time_of(random, 1);
      own.enter.push_back(rule);
      if (random.chance(60)) {
        StateRule leave{.when = {opposite(random, rule.when[0])}};
        if (random.chance(20)) leave.hold_for = time_of(random, 1);
        own.leave.push_back(leave);
      }
    }
  }
  return states;
}

// The same moment for the decision and for the reference.
class Machine {
 public:
  Machine() {
    CpufreqPolicy policy;
    policy.name = "policy0";
    policy.hardware_max = static_cast<std::uint64_t>(hardware_max);
    policy.hardware_min = hardware_min;
    sample_.policies = {policy};
    for (std::size_t i = 0; i < sensor_kinds.size(); ++i)
      readings_[i] = &sample_.readings[std::string(sensor_kinds[i].name)];
  }

  void begin(Random& random) {
    moment_ = {};
    moment_.now = random.below(1'000'000);
    for (std::size_t i = 0; i < readings_.size(); ++i) set(random, i);
    holds_.clear();
  }

  void go_on(Random& random) {
    moment_.now += random.below(4) * 2500 + random.below(3);
    for (std::size_t i = 0; i < readings_.size(); ++i)
      if (random.chance(35)) set(random, i);
    if (random.chance(6)) {
      const auto state = static_cast<PowerState>(random.below(4));
      holds_.push_back({std::to_string(++holds_made_), state, "", "",
                        std::chrono::milliseconds(moment_.now + 1 + random.below(15'000))});
    }
    if (!holds_.empty() && random.chance(8)) holds_.erase(holds_.begin());  // released
  }

  const Moment& moment() const { return moment_; }
  const Board& board() const { return sample_.policies; }

  StateInput input(Random& random) {
    StateInput in{.sample = sample_, .limits = limits(random), .now = std::chrono::milliseconds(moment_.now)};
    in.hold = strongest(holds_, in.now);
    // The plain way: the greatest state of those that have not ended; of equals the latest end.
    moment_.hold = 0;
    long until = 0;
    for (const Hold& hold : holds_) {
      if (hold.until.count() <= moment_.now) continue;
      const bool more = moment_.hold == 0 || hold.state > moment_.held ||
                        (hold.state == moment_.held && hold.until.count() > until);
      if (!more) continue;
      moment_.hold = std::stol(hold.id);
      moment_.held = hold.state;
      until = hold.until.count();
    }
    return in;
  }

 private:
  void set(Random& random, std::size_t i) {
    const SensorKind& kind = sensor_kinds[i];
    auto& value = moment_.values[i];
    value.reset();
    if (random.chance(90)) value = random.value(kind);
    Reading& reading = *readings_[i];
    reading.number.reset();
    reading.text.reset();
    if (value && kind.speaks()) reading.text = kind.words[static_cast<std::size_t>(*value)];
    if (value && !kind.speaks()) reading.number = value;
    if (!value && random.chance(30)) reading.text = "nonsense";
    if (i != 0) return;
    sample_.frequency.reset();
    moment_.kilohertz.reset();
    sample_.policies[0].current.reset();
    if (!value) return;
    moment_.kilohertz = *value / 100 * hardware_max;
    sample_.frequency = Frequency{*value, *moment_.kilohertz};
    sample_.policies[0].current = static_cast<std::uint64_t>(*moment_.kilohertz);
  }

  // 90 % of a cap do not bind, 95 % and more do; and so of a minimum.
  OwnLimits limits(Random& random) {
    OwnLimits out;
    moment_.cap = 0;
    moment_.raised = false;
    if (!moment_.values[0] || *moment_.values[0] == 0) return out;
    if (random.chance(25)) {
      const bool binds = random.chance(70);
      const auto cap = static_cast<std::uint64_t>(*moment_.kilohertz / (binds ? 0.96 : 0.9));
      if (binds) moment_.cap = 100 * static_cast<double>(cap) / hardware_max;
      out.max["policy0"] = cap;
    }
    if (random.chance(15)) {
      moment_.raised = random.chance(70);
      out.min["policy0"] = static_cast<std::uint64_t>(*moment_.kilohertz * (moment_.raised ? 0.96 : 0.9));
    }
    return out;
  }

  Sample sample_;
  std::array<Reading*, sensor_kinds.size()> readings_{};
  Moment moment_;
  std::vector<Hold> holds_;
  long holds_made_ = 0;
};

void wrong(const char* what, const StateMemory& got, const Reference& want) {
  if (++figures.wrong > worth_showing) return;
  std::printf("%s: state %s by %s since %" PRId64 ", expected %s by %s since %ld\n", what,
              std::string(word(got.state)).c_str(), got.rule.c_str(),
              static_cast<std::int64_t>(got.since.count()), std::string(word(want.state)).c_str(),
              want.rule.c_str(), want.since);
}

bool same(const StateMemory& got, const Reference& want) {
  return got.state == want.state && got.rule == want.rule && static_cast<int>(got.tier) == want.rank &&
         got.since.count() == want.since && got.changes == want.changes && got.flaps == want.flaps &&
         got.suppressed == want.waiting;
}

// What holds whatever the reference says.
const char* broken(const States& states, const StateMemory& before, const StateMemory& after, const Moment& m,
                   bool hold_moved) {
  const bool changed = before.decided && after.state != before.state;
  const auto dwell = [&](PowerState state) {
    const StateRules& rules = states[static_cast<std::size_t>(state)];
    return rules.configured ? rules.dwell.count() : 0;
  };
  if (m.hold == 0 && after.rule == "hold") return "a hold outlives its end";
  if (m.hold != 0 && after.state != m.held && after.state != PowerState::critical)
    return "neither the hold's state nor critical";
  if (!changed || hold_moved || after.state == PowerState::critical) return nullptr;
  if (m.now - before.since.count() < std::max(dwell(before.state), dwell(after.state)))
    return "a change before the dwell time";
  bool known = false;
  for (const auto& value : m.values) known = known || value.has_value();
  return known || m.hold != 0 ? nullptr : "a change although nothing is known";
}

// The plan follows from state, mode and board alone, and stays within the board.
bool plan_is_wrong(PowerState state, PowerState again, const Board& board) {
  static const PlanTable table = default_plan();
  for (const auto mode : {TrafficMode::quiet, TrafficMode::interactive, TrafficMode::bulk}) {
    const Plan plan = plan_for(state, mode, table, board);
    if (plan != plan_for(again, mode, table, Board(board))) return true;
    for (const PolicyPlan& policy : plan.policies) {
      const auto min = policy.min.value_or(hardware_min);
      const auto max = policy.max.value_or(static_cast<std::uint64_t>(hardware_max));
      if (min < hardware_min || min > max || static_cast<double>(max) > hardware_max) return true;
    }
  }
  return false;
}

void sequence(Random& random, Machine& machine, const States& states) {
  StateMemory memory;
  Reference reference(states);
  machine.begin(random);
  long hold_before = 0;
  for (unsigned step = 0; step < steps; ++step) {
    if (step > 0) machine.go_on(random);
    const StateInput in = machine.input(random);
    const Moment& m = machine.moment();
    const StateMemory before = memory;
    memory = decide_state(states, before, in);
    reference.see(m);
    const bool hold_moved = m.hold != hold_before;
    hold_before = m.hold;
    if (!same(memory, reference)) return wrong("not the reference's", memory, reference);
    if (const char* what = broken(states, before, memory, m, hold_moved))
      return wrong(what, memory, reference);
    if (step == steps / 2) {
      const StateMemory again = decide_state(states, before, in);
      if (again != memory) return wrong("the same input, another answer", memory, reference);
      if (plan_is_wrong(memory.state, again.state, machine.board()))
        return wrong("another plan, or one beyond the board", memory, reference);
    }

    const bool changed = before.decided && memory.state != before.state;
    ++figures.decisions;
    figures.changes += changed;
    figures.into_critical += changed && memory.state == PowerState::critical;
    figures.by_hold += changed && hold_moved;
    figures.held_back += memory.suppressed.has_value();
    figures.capped += m.cap > 0;
    figures.raised += m.raised;
  }
}

// A value that swings around its thresholds: at most one change per dwell time, and the others are counted.
void oscillation(Random& random) {
  States states;
  StateRules& saver = states[static_cast<std::size_t>(PowerState::power_saver)];
  saver.configured = true;
  saver.dwell = std::chrono::milliseconds(1000 + random.below(60'000));
  saver.enter = {{.when = {{Sensor::battery, true, false, 20, ""}}}};
  if (random.chance(50)) saver.leave = {{.when = {{Sensor::battery, false, false, 25, ""}}}};
  StateMemory memory;
  Sample sample;
  const long period = 1 + random.below(saver.dwell.count() / 4);
  long now = 0;
  unsigned swings = 0;
  for (; now < 20 * saver.dwell.count(); now += period, ++swings) {
    sample.readings["battery"].number = swings % 2 == 0 ? 15 : 30;
    memory = decide_state(states, memory, {.sample = sample, .now = std::chrono::milliseconds(now)});
    ++figures.decisions;
  }
  const auto most = static_cast<std::uint64_t>(now / saver.dwell.count());
  if (memory.changes > most || memory.changes == 0 || memory.flaps == 0 ||
      memory.flaps + memory.changes > swings) {
    ++figures.wrong;
    std::printf("oscillation: %" PRIu64 " changes in %ld dwell times, %" PRIu64 " counted\n", memory.changes,
                static_cast<long>(most), memory.flaps);
  }
}

}  // namespace
}  // namespace ebb::test

int main(int argc, char** argv) {
  using namespace ebb::test;
  const unsigned long sequences = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  Random random(argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 5);
  Machine machine;
  ebb::States states;
  for (unsigned long n = 0; n < sequences && figures.wrong <= worth_showing; ++n) {
    if (n % sequences_each == 0) states = rules(random);
    if (n % 1000 == 0) oscillation(random);
    sequence(random, machine, states);
  }
  const auto& f = figures;
  // Of each kind a thousandth of the decisions at least: else nothing was said about it.
  bool all = true;
  for (const auto count : {f.into_critical, f.by_hold, f.held_back, f.capped, f.raised})
    all = all && count * 1000 >= f.decisions;
  if (!all) std::printf("something was met too rarely to be compared\n");
  std::printf("decide: %lu sequences, %" PRIu64 " decisions, %" PRIu64 " changes (%" PRIu64
              " into critical, %" PRIu64 " by a hold), %" PRIu64 " held back, %" PRIu64
              " self-capped, %" PRIu64 " self-raised, %" PRIu64 " wrong\n",
              sequences, f.decisions, f.changes, f.into_critical, f.by_hold, f.held_back, f.capped, f.raised,
              f.wrong);
  return f.wrong != 0 ? 1 : all ? 0 : 2;
}
