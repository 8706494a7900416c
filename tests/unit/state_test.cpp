// SPDX-License-Identifier: GPL-2.0-or-later
// The power state: values in, values out.
#include <random>

#include <gtest/gtest.h>

#include "state_support.hpp"

namespace ebb::test {
namespace {

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
  of(machine.rules, power_saver).leave.clear();
  EXPECT_EQ(machine.feed(49), power_saver);
  EXPECT_EQ(machine.feed(49.9, 20s), power_saver);
  EXPECT_EQ(machine.feed(50), balanced);
  machine.feed(40, 20s);
  EXPECT_EQ(machine.feed(std::nullopt, 20s), power_saver) << "unknown is not the opposite";
}

TEST(State, AbsoluteThresholds) {
  Machine machine;
  of(machine.rules, power_saver).enter = {{{{Sensor::frequency, true, true, 500000, ""}}, 0ms, ""}};
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
  EXPECT_EQ(machine.feed(55, 20s), power_saver) << "in force, before performance";
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
  EXPECT_EQ(machine.feed(std::nullopt), balanced);
  EXPECT_EQ(machine.memory.rule, "default");
  EXPECT_EQ(machine.memory.values.at("frequency"), "unknown");
  for (const auto& [percent, state] : {std::pair{5.0, critical}, {40.0, power_saver}, {95.0, performance}}) {
    Machine other;
    EXPECT_EQ(other.feed(percent), state);
    const StateMemory before = other.memory;
    EXPECT_EQ(other.feed(std::nullopt, 1h), state);
    EXPECT_EQ(other.memory.rule, before.rule);
    EXPECT_EQ(other.memory.since, before.since);
    EXPECT_EQ(other.memory.values, before.values);
  }
}

TEST(State, AStateThatNoRuleCanEnterIsLeft) {
  Machine machine;
  machine.feed(40);
  of(machine.rules, power_saver) = {};
  EXPECT_EQ(machine.feed(std::nullopt, 20s), balanced);
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
      if (number(2) == 0) rules.leave.clear();
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
      ASSERT_TRUE(after.state != power_saver || *percent <= 60) << *percent;
      ASSERT_TRUE(after.state != performance || *percent >= 80) << *percent;
      if (after.state == critical) continue;
      for (const auto state : {before.state, after.state}) {
        const StateRules& rules = of(machine.rules, state);
        ASSERT_GE(machine.now - before.since, rules.configured ? rules.dwell : 0ms);
      }
    }
  }
  EXPECT_GT(changes, 100000u) << "the sequences do exercise the machine";
}

// Other sensors, by name.
Sample seen(std::initializer_list<std::pair<const char*, double>> numbers,
            std::initializer_list<std::pair<const char*, const char*>> words = {}) {
  Sample sample = at(std::nullopt);
  for (const auto& [name, value] : numbers) {
    if (std::string_view(name) == "frequency") sample.frequency = Frequency{value, value * 12000};
    sample.readings[name].number = value;
  }
  for (const auto& [name, text] : words) sample.readings[name].text = text;
  return sample;
}

Machine empty() {
  Machine machine;
  for (auto& rules : machine.rules) rules.enter = rules.leave = {};
  return machine;
}

TEST(State, AnySensorAndAnyRule) {
  Machine machine = empty();
  of(machine.rules, power_saver).enter = {both(rule("battery", true, 20), mains("offline")),
                                          rule("temperature", false, 70)};
  EXPECT_EQ(machine.feed(seen({{"battery", 19}}, {{"mains", "online"}}), 20s), balanced) << "all of a rule";
  EXPECT_EQ(machine.feed(seen({{"battery", 19}}), 20s), balanced) << "mains unknown";
  EXPECT_EQ(machine.feed(seen({{"battery", 19}}, {{"mains", "absurd"}}), 20s), balanced);
  EXPECT_EQ(machine.feed(seen({{"battery", 19}}, {{"mains", "offline"}}), 20s), power_saver);
  EXPECT_EQ(machine.memory.rule, "power-saver.enter[1]");
  EXPECT_EQ(machine.memory.values,
            (std::map<std::string, std::string>{{"battery", "19 %"}, {"mains", "offline"}}));
  EXPECT_EQ(machine.feed(seen({{"battery", 19}}), 20s), power_saver) << "unknown leaves nothing";
  EXPECT_EQ(machine.feed(seen({{"temperature", 71}}, {{"mains", "online"}}), 20s), power_saver);
  EXPECT_EQ(machine.memory.rule, "power-saver.enter[2]") << "another rule decides now";
  EXPECT_EQ(machine.memory.values.at("temperature"), "71 C");
  EXPECT_EQ(machine.memory.changes, 1u);
  EXPECT_EQ(machine.feed(seen({{"temperature", 70}}), 20s), balanced);
  EXPECT_EQ(machine.memory.rule, "power-saver.leave");
}

TEST(State, EachRuleIsLeftByWhatNamesItsSensors) {
  Machine machine = empty();
  of(machine.rules, power_saver).enter = {rule("battery", true, 20), rule("frequency", true, 50)};
  of(machine.rules, power_saver).leave = {rule("battery", false, 25), rule("frequency", false, 60)};
  EXPECT_EQ(machine.feed(seen({{"battery", 19}, {"frequency", 100}})), power_saver);
  EXPECT_EQ(machine.feed(seen({{"battery", 25}, {"frequency", 100}}), 20s), power_saver)
      << "a full frequency";
  EXPECT_EQ(machine.feed(seen({{"battery", 26}, {"frequency", 100}}), 20s), balanced);
  EXPECT_EQ(machine.feed(seen({{"frequency", 40}}), 20s), power_saver) << "without a battery";
  EXPECT_EQ(machine.feed(seen({{"frequency", 61}}), 20s), balanced);
}

TEST(State, ForNeedsToHoldWithoutABreak) {
  Machine machine = empty();
  of(machine.rules, power_saver).enter = {rule("utilisation", true, 10, 15s)};
  of(machine.rules, power_saver).leave = {rule("utilisation", false, 20, 10s)};
  for (const double share : {5.0, 5.0, 5.0})
    EXPECT_EQ(machine.feed(seen({{"utilisation", share}})), balanced);
  EXPECT_EQ(machine.feed(seen({})), balanced) << "unknown breaks it";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(machine.feed(seen({{"utilisation", 5}})), balanced);
  EXPECT_EQ(machine.feed(seen({{"utilisation", 5}})), power_saver) << "15 s";
  EXPECT_EQ(machine.feed(seen({{"utilisation", 30}}), 20s), power_saver);
  EXPECT_EQ(machine.feed(seen({{"utilisation", 30}}), 9999ms), power_saver);
  EXPECT_EQ(machine.feed(seen({{"utilisation", 30}}), 1ms), balanced);
}

TEST(State, TiersDecideWhereRulesDisagree) {
  Machine machine = empty();
  for (auto& rules : machine.rules) rules.dwell = 0s;
  of(machine.rules, power_saver).enter = {rule("frequency", true, 50)};
  of(machine.rules, performance).enter = {mains("online"), rule("battery", false, 90)};
  of(machine.rules, critical).enter = {rule("temperature", false, 85), rule("utilisation", true, 5)};
  EXPECT_EQ(machine.feed(seen({{"frequency", 40}})), power_saver);
  EXPECT_EQ(machine.memory.tier, Tier::load);
  EXPECT_EQ(machine.feed(seen({{"frequency", 40}}, {{"mains", "online"}})), performance);
  EXPECT_EQ(machine.memory.tier, Tier::supply);
  EXPECT_EQ(machine.feed(seen({{"frequency", 40}, {"utilisation", 4}}, {{"mains", "online"}})), performance)
      << "critical by load alone comes after mains";
  EXPECT_EQ(machine.feed(seen({{"battery", 91}}, {{"mains", "offline"}})), performance);
  EXPECT_EQ(machine.memory.tier, Tier::level);
  machine.holds = {{"a", power_saver, "backup", "root", machine.now + 1h}};
  EXPECT_EQ(machine.feed(seen({{"battery", 91}})), power_saver);
  EXPECT_EQ(machine.memory.tier, Tier::hold);
  EXPECT_EQ(machine.memory.rule, "hold");
  EXPECT_EQ(machine.memory.values.at("reason"), "backup");
  EXPECT_EQ(machine.feed(seen({{"battery", 91}, {"temperature", 86}})), critical);
  EXPECT_EQ(machine.memory.tier, Tier::critical);
  EXPECT_EQ(machine.feed(seen({{"battery", 91}, {"temperature", 60}})), power_saver) << "the hold again";
}

TEST(State, AHoldActsAtOnceAndEndsAtOnce) {
  Machine machine;
  machine.feed(70);
  machine.holds = {{"a", performance, "", "", machine.now + 10s}};
  EXPECT_EQ(machine.feed(70, 1ms), performance);
  EXPECT_EQ(machine.feed(40, 1ms), performance);
  EXPECT_EQ(machine.memory.flaps, 0u);
  EXPECT_EQ(machine.feed(40, 10s), power_saver) << "expired: what the sensors ask for, without a dwell";
  EXPECT_EQ(machine.feed(70, 1s), power_saver) << "but then there is one";
  machine.holds = {{"b", power_saver, "", "", machine.now + 1h}};
  const auto before = machine.memory;
  EXPECT_EQ(machine.feed(70, 1s), power_saver);
  EXPECT_EQ(machine.memory.since, before.since) << "the same state";
  machine.holds.clear();
  EXPECT_EQ(machine.feed(70, 1s), balanced) << "released";
  EXPECT_EQ(machine.memory.rule, "default");
}

TEST(State, AChangeThatWasHeldBackIsNotMadeInTheDark) {
  Machine machine;
  machine.feed(70);
  EXPECT_EQ(machine.feed(40, 5s), balanced);
  EXPECT_EQ(machine.feed(std::nullopt, 1h), balanced);
  EXPECT_EQ(machine.feed(55, 5s), power_saver) << "it was below 50, and is not above 60";
  EXPECT_EQ(machine.feed(70, 5s), power_saver);
  EXPECT_EQ(machine.feed(std::nullopt, 1h), power_saver);
  EXPECT_EQ(machine.memory.flaps, 2u);
  EXPECT_EQ(machine.feed(55, 5s), balanced);
}

TEST(State, WhatLastsOfARuleSurvivesOtherRules) {
  Machine machine;
  machine.feed(40);
  const States before = machine.rules;
  of(machine.rules, power_saver).enter = {rule("battery", true, 20), rule("frequency", true, 50)};
  machine.memory = carried_over(before, machine.rules, machine.memory);
  EXPECT_EQ(machine.feed(55, 20s), power_saver);
  EXPECT_EQ(machine.memory.rule, "power-saver.enter[2]");
  const States again = machine.rules;
  of(machine.rules, power_saver).enter = {rule("frequency", true, 45)};
  machine.memory = carried_over(again, machine.rules, machine.memory);
  EXPECT_EQ(machine.feed(55, 20s), balanced) << "another rule, which does not hold";
}

}  // namespace
}  // namespace ebb::test
