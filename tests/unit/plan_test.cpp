// SPDX-License-Identifier: GPL-2.0-or-later
// [plan.STATE.MODE], governor wishes, and what follows from them on a board.
#include <gtest/gtest.h>

#include "agentd/plan.hpp"
#include "config_support.hpp"
#include "decide/plan.hpp"

namespace ebb::test {
namespace {

using namespace std::chrono_literals;
using enum PowerState;
using enum TrafficMode;

CpufreqPolicy policy(const char* name, std::uint64_t min, std::uint64_t max) {
  CpufreqPolicy out;
  out.name = name;
  out.hardware_min = min;
  out.hardware_max = max;
  return out;
}
const Board zero2w = {policy("policy0", 600'000, 1'200'000)};
const Board big_little = {policy("policy0", 408'000, 1'416'000), policy("policy4", 408'000, 2'400'000)};

PolicyPlan first(const Plan& plan) { return plan.policies.at(0); }

std::string cell_of(const std::string& keys, const char* name = "power-saver.quiet") {
  return agent + "[plan." + name + "]\n" + keys + "\n";
}

TEST(DefaultPlan, TheClassicTable) {
  const PlanTable table = default_plan();
  for (const auto state : {performance, balanced, power_saver}) {
    const Plan plan = plan_for(state, bulk, table, big_little);
    EXPECT_EQ(plan.moderation, 200us);
    EXPECT_EQ(plan.policies[1], (PolicyPlan{"policy4", 1'800'000, {}}));
    EXPECT_EQ(plan.policies[0], (PolicyPlan{"policy0", 1'416'000, {}})) << "clipped to the board";
  }
  for (const auto state : {power_saver, critical}) {
    const Plan plan = plan_for(state, quiet, table, big_little);
    EXPECT_EQ(plan.moderation, 2ms);
    EXPECT_EQ(plan.policies[1], (PolicyPlan{"policy4", {}, 600'000}));
  }
  EXPECT_EQ(plan_for(critical, bulk, table, big_little).moderation, 2ms);
  EXPECT_FALSE(first(plan_for(critical, bulk, table, big_little)).min);
  for (const auto state : {performance, balanced})
    EXPECT_EQ(plan_for(state, quiet, table, zero2w), (Plan{{{"policy0", {}, {}}}, "", "", {}}));
  for (const auto state : {performance, balanced, power_saver, critical})
    EXPECT_FALSE(plan_for(state, interactive, table, zero2w).moderation);
}

TEST(PlanFor, RelativeToEachPolicyAndClipped) {
  PlanTable table{};
  cell(table, balanced, quiet).max = FrequencyLimit{true, 50, "50%"};
  const Plan plan = plan_for(balanced, quiet, table, big_little);
  EXPECT_EQ(plan.policies[0].max, 708'000U);
  EXPECT_EQ(plan.policies[1].max, 1'200'000U);
  cell(table, balanced, quiet).max = FrequencyLimit{false, 100'000, "100MHz"};
  EXPECT_EQ(first(plan_for(balanced, quiet, table, big_little)).max, 408'000U);
  cell(table, balanced, quiet).max = FrequencyLimit{false, 5e6, "5GHz"};
  EXPECT_FALSE(first(plan_for(balanced, quiet, table, big_little)).max) << "it would limit nothing";
}

TEST(PlanFor, UnknownHardwareLimitsAreNoLimits) {
  Board board = {policy("policy0", 600'000, 1'200'000)};
  board[0].hardware_max.reset();
  EXPECT_EQ(first(plan_for(power_saver, quiet, default_plan(), board)), (PolicyPlan{"policy0", {}, {}}));
  EXPECT_TRUE(plan_for(power_saver, quiet, default_plan(), {}).policies.empty());
}

TEST(PlanFor, WhatClassesWish) {
  const GovernorWish floor{FrequencyLimit{false, 1e6, "1GHz"}, {}},
      higher{FrequencyLimit{false, 1.2e6, ""}, {}};
  const GovernorWish ceiling{{}, FrequencyLimit{false, 8e5, "800MHz"}};
  const auto planned = [](PowerState s, TrafficMode m, const std::vector<GovernorWish>& wishes) {
    return first(plan_for(s, m, default_plan(), {policy("policy0", 600'000, 2'000'000)}, wishes));
  };
  EXPECT_EQ(planned(balanced, interactive, {floor, higher}).min, 1'200'000U) << "the highest floor";
  EXPECT_EQ(planned(balanced, quiet, {ceiling}).max, 800'000U);
  EXPECT_FALSE(planned(balanced, interactive, {ceiling}).max) << "somebody waits";
  EXPECT_EQ(planned(balanced, quiet, {ceiling, floor}), (PolicyPlan{"policy0", 1'000'000, 1'000'000}));
  EXPECT_FALSE(planned(critical, interactive, {floor}).min) << "critical has the word";
  EXPECT_EQ(planned(balanced, bulk, {floor}).min, 1'800'000U) << "the table's floor is higher";
}

TEST(PlanConfig, KeysReplaceTheDefaultOnesAndNoneTakesThemAway) {
  const Config config =
      good(cell_of("max_frequency = \"60%\"\ngovernor = \"powersave\"\n"
                   "energy_performance_preference = \"power\""));
  const PlanCell& own = cell(config.plan, power_saver, quiet);
  EXPECT_EQ(own.max, (FrequencyLimit{true, 60, "60%"}));
  EXPECT_EQ(own.governor, "powersave");
  EXPECT_EQ(own.preference, "power");
  EXPECT_EQ(own.moderation, 2ms) << "the other keys of the cell stay";
  const Config without = good(cell_of("max_frequency = \"none\"\nmoderation = \"none\""));
  EXPECT_EQ(cell(without.plan, power_saver, quiet), PlanCell{});
  EXPECT_EQ(good(agent).plan, default_plan());
}

TEST(PlanConfig, ComesBackFromItsCanonicalForm) {
  for (const auto& text :
       {agent, cell_of("max_frequency = \"none\""),
        cell_of("moderation = \"10ms\"\nmin_frequency = \"500 MHz\""),
        cell_of("governor = \"performance\"", "performance.interactive"),
        agent + "[[class]]\nname = \"a\"\nkind = \"urgent\"\nmatch = [{}]\ngovernor = { min_frequency = "
                "\"1GHz\" }\n",
        agent + "[[class]]\nname = \"a\"\nmatch = [{}]\ngovernor = { max_frequency = \"40%\" }\n"}) {
    const Config config = good(text);
    EXPECT_TRUE(good(render_config(config)) == config) << render_config(config);
  }
}

TEST(PlanConfig, Errors) {
  const std::string a_class = agent + "[[class]]\nname = \"a\"\nmatch = [{}]\n";
  const Bad rows[] = {
      {cell_of("max_frequency = \"0%\""), "t:4:17: expected a frequency", "above 0"},
      {cell_of("max_frequency = \"101%\""), "expected a frequency", "kHz, MHz, GHz"},
      {cell_of("max_frequency = \"1.8\""), "expected a frequency", ""},
      {cell_of("max_frequency = \"nan GHz\""), "expected a frequency", ""},
      {cell_of("max_frequency = \"1e3GHz\""), "expected a frequency", ""},
      {cell_of("max_frequency = 600"), "found 600", ""},
      {cell_of("max_frequncy = \"60%\""), "unknown key \"max_frequncy\"", "max_frequency"},
      {cell_of("moderation = \"5us\""), "from 10us to 10ms", "none"},
      {cell_of("moderation = \"11ms\""), "from 10us to 10ms", ""},
      {cell_of("moderation = \"1s\""), "from 10us to 10ms", ""},
      {cell_of("governor = \"a b\""), "expected a word of the kernel", ""},
      {cell_of("min_frequency = \"1GHz\""), "min_frequency \"1GHz\" is above max_frequency \"600MHz\"",
       "none"},
      {cell_of("", "powersaver.quiet"), "unknown key \"powersaver\"", "power-saver"},
      {cell_of("", "balanced.calm"), "unknown key \"calm\"", "quiet"},
      {a_class + "governor = { min_frequency = \"1GHz\" }", "t:6:12: a background class has no min_frequency",
       "urgent"},
      {a_class + "kind = \"urgent\"\ngovernor = { max_frequency = \"1GHz\" }", "only a background class",
       "background"},
      {a_class + "governor = \"performance\"", "expected a table", "min_frequency"},
  };
  for (const auto& row : rows) expect_bad(row);
}

Interface attached(const char* name, Hook hook) {
  Interface out;
  out.name = name;
  out.attachment.hook = hook;
  return out;
}

TEST(PlanKnobs, FilesOfPoliciesAndInterfaces) {
  const std::string cpufreq = "file:/sys/devices/system/cpu/cpufreq/";
  const Plan plan{{{"policy0", 1000, 2000}, {"policy4", {}, {}}}, "schedutil", "power", 200us};
  const Settings wanted = {
      {cpufreq + "policy0/scaling_min_freq", "1000"},
      {cpufreq + "policy0/scaling_max_freq", "2000"},
      {cpufreq + "policy0/scaling_governor", "schedutil"},
      {cpufreq + "policy4/scaling_governor", "schedutil"},
      {cpufreq + "policy0/energy_performance_preference", "power"},
      {cpufreq + "policy4/energy_performance_preference", "power"},
      {"file:/sys/class/net/eth0/gro_flush_timeout", "200000"},
      {"file:/sys/class/net/eth0/napi_defer_hard_irqs", "100"},
  };
  EXPECT_EQ(plan_knobs(plan, {attached("eth0", Hook::tcx), attached("eth1", Hook::none)}), wanted);
  EXPECT_TRUE(plan_knobs({}, {attached("eth0", Hook::tcx)}).empty());
}

TEST(PlanKnobs, LimitsInForce) {
  const std::string max = "file:/sys/devices/system/cpu/cpufreq/policy4/scaling_max_freq";
  KnobReport applied{max, "1800", "600", "600", "applied", ""}, refused = applied;
  refused.status = "busy";
  refused.id = "file:/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq";
  KnobReport floor = applied, governor = applied;
  floor.id = "file:/sys/devices/system/cpu/cpufreq/policy12/scaling_min_freq";
  governor.id = "file:/sys/devices/system/cpu/cpufreq/policy4/scaling_governor";
  EXPECT_EQ(limits_in_force({applied, refused, floor, governor}),
            (OwnLimits{.max = {{"policy4", 600}}, .min = {{"policy12", 600}}}));
}

}  // namespace
}  // namespace ebb::test
