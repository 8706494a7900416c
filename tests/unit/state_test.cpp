// SPDX-License-Identifier: GPL-2.0-or-later
// The power state machine and the traffic mode: values in, values out.
#include "decide/state.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "decide/mode.hpp"

using namespace ebb;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using enum PowerState;

namespace {

Threshold below(double percent) { return {true, true, percent, ""}; }
Threshold above(double percent) { return {false, true, percent, ""}; }

StateRules& of(std::array<StateRules, 4>& rules, PowerState state) {
  return rules[static_cast<std::size_t>(state)];
}

// critical < 10 % (left > 20), power-saver < 50 (left > 60), performance > 90 (left < 80); dwell 15 s each.
std::array<StateRules, 4> usual() {
  std::array<StateRules, 4> rules;
  for (auto& each : rules) each = {true, {}, {}, 15s, {}};
  of(rules, critical).enter = below(10);
  of(rules, critical).leave = above(20);
  of(rules, power_saver).enter = below(50);
  of(rules, power_saver).leave = above(60);
  of(rules, performance).enter = above(90);
  of(rules, performance).leave = below(80);
  return rules;
}

Sample at(std::optional<double> percent) {
  Sample sample;
  if (percent) sample.frequency = Frequency{*percent, *percent * 12000};  // of 1.2 GHz
  return sample;
}

struct Machine {
  std::array<StateRules, 4> rules = usual();
  StateMemory memory;
  milliseconds now = 1000s;

  PowerState feed(std::optional<double> percent, milliseconds later = 5s) {
    now += later;
    memory = decide_state(rules, memory, at(percent), now);
    return memory.state;
  }
};

TEST(State, FirstDecisionNeedsNoDwellAndIsNoChange) {
  Machine machine;
  EXPECT_EQ(machine.feed(40), power_saver);
  EXPECT_TRUE(machine.memory.decided);
  EXPECT_EQ(machine.memory.rule, "power-saver.enter");
  EXPECT_EQ(machine.memory.values.at("frequency"), "40 %");
  EXPECT_EQ(machine.memory.since, machine.now);
  EXPECT_EQ(machine.memory.changes, 0u);
  Machine other;
  EXPECT_EQ(other.feed(70), balanced);
  EXPECT_EQ(other.memory.rule, "default");
  EXPECT_EQ(other.memory.since, other.now);
}

TEST(State, Hysteresis) {
  Machine machine;
  machine.feed(70);
  EXPECT_EQ(machine.feed(50, 20s), balanced) << "< 50 is not <= 50";
  EXPECT_EQ(machine.feed(49.9), power_saver);
  EXPECT_EQ(machine.feed(55, 20s), power_saver) << "between leave and enter";
  EXPECT_EQ(machine.feed(60), power_saver) << "> 60 is not >= 60";
  EXPECT_EQ(machine.feed(60.1), balanced);
  EXPECT_EQ(machine.memory.rule, "power-saver.leave");
  EXPECT_EQ(machine.memory.values.at("frequency"), "60.1 %");
  EXPECT_EQ(machine.memory.changes, 2u);
  EXPECT_EQ(machine.memory.flaps, 0u);
}

TEST(State, LeaveIsTheOppositeOfEnterByDefault) {
  Machine machine;
  of(machine.rules, power_saver).leave.reset();
  EXPECT_EQ(machine.feed(49), power_saver);
  EXPECT_EQ(machine.feed(49.9, 20s), power_saver);
  EXPECT_EQ(machine.feed(50), balanced);
  machine.feed(40, 20s);
  EXPECT_EQ(machine.feed({}, 20s), power_saver) << "unknown is not the opposite";
}

TEST(State, AbsoluteThresholds) {
  Machine machine;
  of(machine.rules, power_saver).enter = Threshold{true, false, 500000, ""};
  EXPECT_EQ(machine.feed(45), balanced) << "540 MHz";
  EXPECT_EQ(machine.feed(41, 20s), power_saver) << "492 MHz";
}

TEST(State, TheDwellTimeHoldsBackAndAFlapIsCountedOncePerWish) {
  Machine machine;
  machine.feed(70);
  EXPECT_EQ(machine.feed(40, 5s), balanced);
  EXPECT_EQ(machine.memory.suppressed, power_saver);
  EXPECT_EQ(machine.feed(41, 5s), balanced);
  EXPECT_EQ(machine.memory.flaps, 1u) << "the same wish";
  EXPECT_EQ(machine.feed(70, 1s), balanced);
  EXPECT_FALSE(machine.memory.suppressed);
  EXPECT_EQ(machine.feed(40, 1s), balanced);
  EXPECT_EQ(machine.memory.flaps, 2u) << "a new wish";
  EXPECT_EQ(machine.feed(95, 1s), balanced);
  EXPECT_EQ(machine.memory.flaps, 3u) << "another wish";
  EXPECT_EQ(machine.feed(40, 1999ms), balanced) << "14.999 s";
  EXPECT_EQ(machine.feed(40, 1ms), power_saver) << "15 s";
  EXPECT_EQ(machine.memory.flaps, 4u);
  EXPECT_FALSE(machine.memory.suppressed);
}

TEST(State, TheLongerDwellTimeOfBothStatesCounts) {
  Machine machine;
  of(machine.rules, power_saver).dwell = 60s;
  of(machine.rules, balanced).dwell = 1s;
  machine.feed(70);
  EXPECT_EQ(machine.feed(40, 59s), balanced);
  EXPECT_EQ(machine.feed(40, 1s), power_saver);
  of(machine.rules, power_saver).configured = of(machine.rules, balanced).configured = false;
  EXPECT_EQ(machine.feed(70, 1ms), balanced) << "without a table there is no dwell time";
}

TEST(State, Precedence) {
  Machine machine;
  of(machine.rules, performance).enter = above(5);
  of(machine.rules, performance).leave = below(4);
  EXPECT_EQ(machine.feed(6), critical);
  EXPECT_EQ(machine.feed(15, 20s), critical) << "stays until it is left, whatever power-saver wants";
  EXPECT_EQ(machine.feed(25, 20s), power_saver) << "left into what the sensors ask for";
  EXPECT_EQ(machine.memory.rule, "power-saver.enter");
  EXPECT_EQ(machine.feed(55, 20s), power_saver) << "in force, above performance";
  EXPECT_EQ(machine.feed(65, 20s), performance);
  EXPECT_EQ(machine.feed(40, 20s), power_saver) << "a more saving state takes over";
}

TEST(State, CriticalNeverWaitsButIsLeftAfterItsDwellTime) {
  Machine machine;
  machine.feed(70);
  EXPECT_EQ(machine.feed(5, 1ms), critical);
  EXPECT_EQ(machine.memory.flaps, 0u);
  EXPECT_EQ(machine.feed(70, 14s), critical);
  EXPECT_EQ(machine.feed(70, 1s), balanced);
  EXPECT_EQ(machine.memory.rule, "critical.leave");
}

TEST(State, UnknownKeepsTheState) {
  Machine machine;
  EXPECT_EQ(machine.feed({}), balanced);
  EXPECT_EQ(machine.memory.rule, "default");
  EXPECT_EQ(machine.memory.values.at("frequency"), "unknown");
  for (const auto& [percent, state] : {std::pair{5.0, critical}, {40.0, power_saver}, {95.0, performance}}) {
    Machine other;
    EXPECT_EQ(other.feed(percent), state);
    const StateMemory before = other.memory;
    EXPECT_EQ(other.feed({}, 1h), state);
    EXPECT_EQ(other.memory.rule, before.rule);
    EXPECT_EQ(other.memory.since, before.since);
    EXPECT_EQ(other.memory.values, before.values);
  }
}

TEST(State, AStateThatNoRuleCanEnterIsLeft) {
  Machine machine;
  machine.feed(40);
  of(machine.rules, power_saver) = {};
  EXPECT_EQ(machine.feed({}, 20s), balanced);
}

TEST(State, ValuesHaveOneDecimalAtMost) {
  for (const auto& [percent, text] :
       {std::pair{33.3333, "33.3 %"}, {49.96, "50 %"}, {0.04, "0 %"}, {100.0, "100 %"}}) {
    Machine machine;
    machine.feed(percent);
    EXPECT_EQ(machine.memory.values.at("frequency"), text);
  }
}

TEST(State, OscillationGivesOneChangePerDwellTime) {
  Machine machine;
  machine.feed(70);
  for (int second = 0; second < 3600; ++second) machine.feed(second % 2 ? 40 : 70, 1s);
  EXPECT_LE(machine.memory.changes, 3600u / 15);
  EXPECT_GE(machine.memory.changes, 3600u / 15 / 2);
  EXPECT_GT(machine.memory.flaps, 0u);
}

// Random rules, values and times. Whatever comes: no change sooner than the dwell times allow, except into
// critical; a change has a rule whose threshold holds; unknown changes nothing; the counters only count.
TEST(State, RandomSequences) {
  std::mt19937 random(20260701);
  const auto number = [&](int last) { return static_cast<int>(random() % static_cast<unsigned>(last + 1)); };
  std::uint64_t changes = 0;
  for (int run = 0; run < 100000; ++run) {
    Machine machine;
    for (auto& rules : machine.rules) {
      rules.configured = number(4) != 0;
      rules.dwell = milliseconds(number(20000));
      if (number(2) == 0) rules.leave.reset();
    }
    for (int step = 0; step < 20; ++step) {
      const std::optional<double> percent = number(5) ? std::optional(number(110) / 1.0) : std::nullopt;
      const StateMemory before = machine.memory;
      machine.feed(percent, milliseconds(number(10000)));
      const StateMemory& after = machine.memory;
      ASSERT_GE(after.flaps, before.flaps);
      ASSERT_LE(after.flaps, before.flaps + 1);
      if (!before.decided) continue;
      const bool changed = after.state != before.state;
      ASSERT_EQ(after.changes, before.changes + changed);
      if (!changed) {
        ASSERT_EQ(after.since, before.since);
        ASSERT_EQ(after.rule, before.rule);
        continue;
      }
      ++changes;
      ASSERT_TRUE(percent) << "an unknown value changed the state";
      ASSERT_EQ(after.flaps, before.flaps);
      ASSERT_FALSE(after.suppressed);
      const std::string name(word(after.state));
      ASSERT_EQ(after.rule,
                after.state == balanced ? std::string(word(before.state)) + ".leave" : name + ".enter");
      ASSERT_TRUE(after.state != critical || *percent < 10) << *percent;
      ASSERT_TRUE(after.state != power_saver || *percent < 50) << *percent;
      ASSERT_TRUE(after.state != performance || *percent > 90) << *percent;
      if (after.state == critical) continue;
      for (const auto state : {before.state, after.state}) {
        const StateRules& rules = of(machine.rules, state);
        ASSERT_GE(machine.now - before.since, rules.configured ? rules.dwell : 0ms);
      }
    }
  }
  EXPECT_GT(changes, 100000u) << "the sequences do exercise the machine";
}

TEST(Mode, UrgentThenBulkThenQuiet) {
  EXPECT_EQ(decide_mode({0, 0}, 5s), TrafficMode::quiet);
  EXPECT_EQ(decide_mode({0, 5000}, 5s), TrafficMode::quiet) << "1000 packets/s";
  EXPECT_EQ(decide_mode({0, 5001}, 5s), TrafficMode::bulk);
  EXPECT_EQ(decide_mode({1, 5001}, 5s), TrafficMode::interactive);
  EXPECT_EQ(decide_mode({1, 0}, 100ms), TrafficMode::interactive);
  EXPECT_EQ(decide_mode({0, 101}, 100ms), TrafficMode::bulk);
  EXPECT_EQ(decide_mode({0, std::numeric_limits<std::uint64_t>::max()}, 1h), TrafficMode::bulk);
}

}  // namespace
