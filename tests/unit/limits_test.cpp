// SPDX-License-Identifier: GPL-2.0-or-later
// Knobs that show an aggregate, on a model of cpufreq's requests, killed at every step.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "act/aggregate.hpp"
#include "act/apply.hpp"

namespace fs = std::filesystem;
using namespace ebb;

namespace {

struct Killed {};  // kill -9

// One policy as the kernel has it: requests that add up, of which the files are one each.
struct Cpu {
  static constexpr std::uint64_t slowest = 600, fastest = 1800;
  std::uint64_t max = fastest, min = slowest;  // the requests behind the files
  std::uint64_t limit = fastest;               // what heat or the platform allows
  bool seen = true;                            // some file tells of that limit
  int left = -1;                               // steps until the kill; negative: never

  std::uint64_t ceiling() const { return std::max(slowest, std::min(max, limit)); }
  std::uint64_t floor() const { return std::min(std::max(min, slowest), ceiling()); }
  void step() {
    if (left == 0) throw Killed{};
    if (left > 0) --left;
  }
};

class CpuLimit : public Knob {
 public:
  CpuLimit(Cpu& cpu, bool max) : cpu_(cpu), max_(max) {}
  std::string id() const override { return max_ ? "max" : "min"; }
  std::string identity() const override { return "policy0"; }
  Result<std::string> read() const override {
    cpu_.step();
    return std::to_string(max_ ? cpu_.ceiling() : cpu_.floor());
  }
  Status write(const std::string& value) const override {
    cpu_.step();  // before it
    (max_ ? cpu_.max : cpu_.min) = std::stoull(value);
    cpu_.step();  // behind it
    return {};
  }
  Status unset() const override { return fail("no"); }
  Shows shows() const override { return max_ ? Shows::ceiling : Shows::floor; }
  Result<std::uint64_t> top() const override { return max_ ? Cpu::fastest : cpu_.ceiling(); }
  bool bound() const override {
    cpu_.step();
    return max_ && cpu_.seen && cpu_.limit < Cpu::fastest;
  }

 private:
  Cpu& cpu_;
  bool max_;
};

class Limits : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  Journal journal() const { return Journal::open(folder_ / "journal.json").value(); }
  KnobMaker maker() {
    return [this](const std::string& id) -> Result<std::unique_ptr<Knob>> {
      return std::make_unique<CpuLimit>(cpu, id == "max");
    };
  }
  std::vector<KnobReport> plan(const std::map<std::string, std::string>& settings) {
    Journal own = journal();
    return apply_plan(own, settings, maker());
  }
  KnobReport restore() {
    const auto reports = plan({});
    return reports.empty() ? KnobReport{} : reports.front();
  }
  // Runs `action`, killed before its step `at`. False: it came to its end.
  template <typename Action>
  bool killed(int at, Action action) {
    cpu.left = at;
    bool dead = false;
    try {
      action();
    } catch (const Killed&) {
      dead = true;
    }
    cpu.left = -1;
    return dead;
  }

  Cpu cpu;
  fs::path folder_ = fs::temp_directory_path() / ("ebb-limits-" + std::to_string(getpid()));
};

TEST_F(Limits, ACapIsWrittenAndTakenBack) {
  EXPECT_EQ(plan({{"max", "1000"}}).at(0).status, "applied");
  EXPECT_EQ(cpu.max, 1000U);
  EXPECT_EQ(journal().find("max")->original, "1800");
  EXPECT_EQ(restore().status, "restored");
  EXPECT_EQ(cpu.max, 1800U);
  EXPECT_TRUE(journal().entries().empty());
}

TEST_F(Limits, AUsersLimitComesBackExactly) {
  cpu.max = 1400;
  plan({{"max", "1000"}});
  EXPECT_EQ(cpu.max, 1000U);
  EXPECT_EQ(restore().original, "1400");
  EXPECT_EQ(cpu.max, 1400U);
}

TEST_F(Limits, AtMostLeavesAStricterLimitOfTheUserAlone) {
  cpu.max = 800;
  EXPECT_EQ(plan({{"max", "1000"}}).at(0).status, "applied");
  EXPECT_EQ(cpu.max, 800U);
  EXPECT_TRUE(journal().entries().empty());
}

TEST_F(Limits, APlanThatBecomesLooserThanTheOriginalGivesItBack) {
  cpu.max = 1200;
  plan({{"max", "800"}});
  EXPECT_EQ(plan({{"max", "1400"}}).back().status, "applied");
  EXPECT_EQ(cpu.max, 1200U);
  EXPECT_TRUE(journal().entries().empty());
}

TEST_F(Limits, AnOriginalReadWhileThrottledIsTheHardwaresLimit) {
  for (const bool seen : {true, false}) {
    SCOPED_TRACE(seen ? "a limit that some file tells of" : "a hidden limit");
    cpu = {.limit = 1000, .seen = seen};
    plan({{"max", "800"}});
    EXPECT_EQ(cpu.max, 800U);
    cpu.limit = Cpu::fastest;
    restore();
    EXPECT_EQ(cpu.max, 1800U) << "slow for ever";
  }
}

TEST_F(Limits, AHotMachineIsNotSomebodyElse) {
  plan({{"max", "1200"}});
  cpu.limit = 800;
  EXPECT_EQ(plan({{"max", "1200"}}).at(0).status, "applied");
  EXPECT_EQ(restore().status, "restored");
  EXPECT_EQ(cpu.max, 1800U);
}

TEST_F(Limits, ACapWrittenWhileThrottledIsStillOursWhenItIsCool) {
  cpu.limit = 800;
  plan({{"max", "700"}});
  EXPECT_EQ(plan({{"max", "1000"}}).at(0).status, "applied") << "it reads 800 before and behind the write";
  EXPECT_EQ(cpu.max, 1000U);
  cpu.limit = Cpu::fastest;
  EXPECT_EQ(restore().status, "restored");
  EXPECT_EQ(cpu.max, 1800U);
}

TEST_F(Limits, AGreaterValueIsSomebodyElses) {
  plan({{"max", "1000"}});
  cpu.max = 1600;
  EXPECT_EQ(plan({{"max", "1000"}}).at(0).status, "foreign");
  EXPECT_EQ(cpu.max, 1600U);
  EXPECT_EQ(restore().status, "foreign");
  EXPECT_EQ(cpu.max, 1600U);
}

TEST_F(Limits, AFloorGoesUpAndBack) {
  cpu.min = 700;
  plan({{"min", "1200"}});
  EXPECT_EQ(cpu.min, 1200U);
  restore();
  EXPECT_EQ(cpu.min, 700U);
  EXPECT_EQ(plan({{"min", "650"}}).at(0).status, "applied") << "it is higher already";
  EXPECT_EQ(cpu.min, 700U);
}

// Its request cannot be seen there, and a floor would change nothing.
TEST_F(Limits, AFloorAtTheCeilingIsLeftAlone) {
  cpu.min = 1500;
  cpu.limit = 1000;
  EXPECT_EQ(plan({{"min", "1800"}}).at(0).status, "applied");
  EXPECT_EQ(cpu.min, 1500U);
  cpu.limit = Cpu::fastest;
  plan({{"min", "1800"}});
  EXPECT_EQ(cpu.min, 1800U);
  cpu.limit = 600;  // reads as before Ebb, and is not
  restore();
  EXPECT_EQ(cpu.min, 1500U);
}

TEST_F(Limits, FromACapToAFloorAndBackInAnyOrder) {
  plan({{"max", "600"}});
  plan({{"min", "1800"}});
  EXPECT_EQ(cpu.max, 1800U);
  EXPECT_EQ(cpu.min, 1800U);
  plan({{"max", "600"}, {"min", "600"}});
  EXPECT_EQ(cpu.max, 600U);
  plan({{"max", "1600"}, {"min", "1400"}});
  EXPECT_EQ(cpu.floor(), 1400U);
  EXPECT_EQ(cpu.ceiling(), 1600U);
  plan({});
  EXPECT_EQ(cpu.max, 1800U);
  EXPECT_EQ(cpu.min, 600U);
}

struct Case {
  const char* name;
  std::uint64_t request, limit;
  bool seen, cools;                  // cools: the limit ends before the restore
  std::vector<std::uint64_t> after;  // what the request may be then
};
const Case cases[] = {
    {"nothing binds", 1800, 1800, true, false, {1800}},
    {"a user's own limit", 1400, 1800, true, false, {1400}},
    {"heat, seen", 1800, 1000, true, false, {1800}},
    {"heat, seen, that ends", 1800, 1000, true, true, {1800}},
    {"heat above a user's limit", 1400, 1600, true, true, {1400, 1800}},
    {"heat below a user's limit", 1400, 1000, true, true, {1400, 1800}},
    {"a hidden limit", 1800, 1000, false, false, {1800}},
};

// Every step of writing the cap, then every step of the restore behind it, then a restore to its end.
TEST_F(Limits, KilledAtAnyStepTheOriginalComesBack) {
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    int points = 0;
    for (int at = 0;; ++at) {
      bool whole = false;
      for (int again = 0; !whole; ++again) {
        SCOPED_TRACE("killed at step " + std::to_string(at) + ", the restore at " + std::to_string(again));
        fs::remove(folder_ / "journal.json");
        cpu = {.max = one.request, .limit = one.limit, .seen = one.seen};
        const bool dead = killed(at, [&] { plan({{"max", "800"}}); });
        if (one.cools) cpu.limit = Cpu::fastest;
        whole = !killed(again, [&] { restore(); });
        restore();
        ASSERT_NE(std::ranges::find(one.after, cpu.max), one.after.end()) << cpu.max;
        ASSERT_TRUE(journal().entries().empty());
        ++points;
        if (!dead && whole) goto next;
      }
    }
  next:
    EXPECT_GT(points, 20) << "there is hardly a step";
  }
}

// The same for a cap that replaces another one, and for a floor.
TEST_F(Limits, KilledAtAnyStepOfALaterPlan) {
  for (int at = 0;; ++at) {
    SCOPED_TRACE(at);
    cpu = {.max = 1400, .min = 700};
    plan({{"max", "800"}});
    const bool dead = killed(at, [&] { plan({{"max", "1000"}, {"min", "900"}}); });
    restore();
    ASSERT_EQ(cpu.max, 1400U);
    ASSERT_EQ(cpu.min, 700U);
    if (!dead) break;
  }
}

// Files as the kernel has them.
class LimitFiles : public Limits {
 protected:
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::trunc) << text << "\n";
  }
  std::unique_ptr<Knob> knob(const std::string& file) const {
    return cpufreq_limit(folder_ / "policy0" / file, folder_ / "thermal");
  }
  void SetUp() override {
    Limits::SetUp();
    put("policy0/cpuinfo_max_freq", "1800000");
    put("policy0/scaling_max_freq", "1400000");
    put("policy0/scaling_min_freq", "600000");
  }
};

TEST_F(LimitFiles, WhatTheyShow) {
  EXPECT_EQ(knob("scaling_max_freq")->shows(), Shows::ceiling);
  EXPECT_EQ(knob("scaling_max_freq")->top().value(), 1800000U);
  EXPECT_EQ(knob("scaling_min_freq")->shows(), Shows::floor);
  EXPECT_EQ(knob("scaling_min_freq")->top().value(), 1400000U);
  const std::string policy = "file:/sys/devices/system/cpu/cpufreq/policy0/";
  EXPECT_EQ((*knob_from_id(policy + "scaling_max_freq"))->shows(), Shows::ceiling);
  EXPECT_EQ((*knob_from_id(policy + "scaling_min_freq"))->shows(), Shows::floor);
  EXPECT_EQ((*knob_from_id(policy + "scaling_governor"))->shows(), Shows::own);
  EXPECT_EQ((*knob_from_id(policy + "scaling_max_freq"))->id(), policy + "scaling_max_freq");
}

TEST_F(LimitFiles, WhoBinds) {
  const auto bound = [this] { return knob("scaling_max_freq")->bound(); };
  EXPECT_FALSE(bound());
  put("policy0/bios_limit", "1800000");
  EXPECT_FALSE(bound());
  put("policy0/bios_limit", "1600000");
  EXPECT_TRUE(bound());
  fs::remove(folder_ / "policy0/bios_limit");
  put("thermal/cooling_device0/type", "pwm-fan");
  put("thermal/cooling_device0/cur_state", "3");
  EXPECT_FALSE(bound()) << "a fan cools without slowing";
  for (const char* type : {"thermal-cpufreq-0", "cpufreq-cpu0", "Processor"}) {
    put("thermal/cooling_device1/type", type);
    put("thermal/cooling_device1/cur_state", "0");
    EXPECT_FALSE(bound()) << type;
    put("thermal/cooling_device1/cur_state", "2");
    EXPECT_TRUE(bound()) << type;
    put("thermal/cooling_device1/cur_state", "");
    EXPECT_TRUE(bound()) << "unreadable counts as cooling";
  }
}

}  // namespace
