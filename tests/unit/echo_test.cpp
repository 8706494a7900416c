// SPDX-License-Identifier: GPL-2.0-or-later
// No echo: what Ebb itself wrote into cpufreq is no reason for Ebb.
#include <gtest/gtest.h>

#include "state_support.hpp"

namespace ebb::test {
namespace {

// One policy of 1.2 GHz.
Sample loaded(double percent, std::optional<double> utilisation) {
  Sample sample = at(percent);
  CpufreqPolicy policy;
  policy.name = "policy0";
  policy.current = static_cast<std::uint64_t>(percent * 12000);
  policy.hardware_max = 1'200'000;
  sample.policies = {policy};
  sample.readings["utilisation"].number = utilisation;
  return sample;
}

TEST(State, ASelfCappedFrequencyDecidesNothing) {
  Machine machine;
  EXPECT_EQ(machine.feed(loaded(50, 5)), balanced);
  machine.limits.max = {{"policy0", 570'000}};
  EXPECT_EQ(machine.feed(loaded(47, 5), 20s), balanced) << "it enters nothing";
  EXPECT_EQ(machine.feed(loaded(45, 5), 20s), power_saver) << "540 of 570 MHz: the cap does not bind";
  EXPECT_EQ(machine.feed(loaded(47.5, 90), 20s), power_saver) << "90 % are not above 90 %";
  EXPECT_EQ(machine.feed(loaded(47.5, 90.1)), balanced) << "the load decides the way up";
  machine.limits.max.clear();
  EXPECT_EQ(machine.feed(loaded(40, 90), 20s), balanced) << "36 % of work: too much for 70 % of that cap";
  EXPECT_EQ(machine.feed(loaded(40, 80)), power_saver) << "32 %: it fits";
  machine.limits.max = {{"policy0", 570'000}};
  EXPECT_EQ(machine.feed(loaded(47.5, std::nullopt), 20s), balanced)
      << "where nothing is known, neither holds";
}

TEST(State, ASelfRaisedFrequencyIsAnUpperBound) {
  Machine machine;
  of(machine.rules, performance).enter = {rule("frequency", false, 90)};
  EXPECT_EQ(machine.feed(loaded(40, 5)), power_saver);
  machine.limits.min = {{"policy0", 1'200'000}};
  EXPECT_EQ(machine.feed(loaded(100, 5), 20s), power_saver) << "Ebb's own minimum leaves nothing";
  machine.limits.min = {{"policy0", 1'100'000}};
  EXPECT_EQ(machine.feed(loaded(100, 5), 20s), performance) << "1200 against 1100 MHz: more than it asks for";
  machine.limits.min = {{"policy0", 540'000}};
  EXPECT_EQ(machine.feed(loaded(45, 5), 20s), power_saver) << "low in spite of it is low";
}

TEST(State, OfSeveralPoliciesTheFastestCounts) {
  Machine machine;
  Sample sample = loaded(70, 5);
  sample.policies.push_back(sample.policies[0]);
  sample.policies[1].name = "policy4";
  machine.limits.min = {{"policy0", 840'000}};
  machine.feed(loaded(40, 5));
  EXPECT_EQ(machine.feed(sample, 20s), balanced) << "policy4 chose it";
  machine.limits.min["policy4"] = 840'000;
  machine.feed(loaded(40, 5), 20s);
  EXPECT_EQ(machine.feed(sample, 20s), power_saver);
  sample.policies[1].current = 600'000;
  machine.limits.min.erase("policy4");
  EXPECT_EQ(machine.feed(sample, 20s), power_saver) << "policy0 is the fastest";
}

TEST(State, RunQueueAndPressureStandInForTheUtilisation) {
  for (const auto& [sensor, calm, high] : {std::tuple{"utilisation.busiest", 90.0, 91.0},
                                           {"run_queue", 1.0, 1.1},
                                           {"cpu_pressure", 30.0, 31.0}}) {
    Machine machine;
    machine.feed(loaded(40, 5));
    machine.limits.max = {{"policy0", 600'000}};
    Sample sample = loaded(50, std::nullopt);
    sample.readings[sensor].number = calm;
    EXPECT_EQ(machine.feed(sample, 20s), power_saver) << sensor;
    sample.readings[sensor].number = high;
    EXPECT_EQ(machine.feed(sample), balanced) << sensor;
  }
}

}  // namespace
}  // namespace ebb::test
