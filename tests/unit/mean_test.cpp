// SPDX-License-Identifier: GPL-2.0-or-later
// The mean frequency of an interval, from a trace of its changes.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "sense/sensors.hpp"

namespace fs = std::filesystem;
using namespace ebb;
using namespace std::chrono_literals;

namespace {

class MeanTest : public testing::Test {
 protected:
  void SetUp() override {
    policy("policy0", "0 1");
    policy("policy4", "4 5");
    sensors_.follow([this](unsigned cpu) -> std::optional<TracedFrequency> {
      if (!traced_.contains(cpu)) return std::nullopt;
      return traced_.at(cpu);
    });
  }
  void TearDown() override { fs::remove_all(root_); }

  void policy(const std::string& name, const std::string& cpus) const {
    put(name, "affected_cpus", cpus);
    put(name, "cpuinfo_max_freq", "2000000");
    put(name, "scaling_cur_freq", "400000");
  }
  void put(const std::string& policy, const std::string& file, const std::string& text) const {
    const fs::path folder = root_ / "sys/devices/system/cpu/cpufreq" / policy;
    fs::create_directories(folder);
    std::ofstream(folder / file, std::ios::trunc) << text;
  }
  // Five seconds later; the frequency was `kilohertz` meanwhile.
  Sample later(unsigned cpu, std::uint64_t kilohertz, unsigned changes) {
    traced_[cpu].microseconds += 5'000'000;
    traced_[cpu].area += kilohertz * 5'000'000;
    traced_[cpu].changes += changes;
    return sample();
  }
  Sample sample() { return sensors_.read(now_ += 5s); }

  fs::path root_ = fs::temp_directory_path() / ("ebb-mean-" + std::to_string(getpid()));
  Sensors sensors_{std::make_unique<FileTree>(root_)};
  std::map<unsigned, TracedFrequency> traced_;
  std::chrono::milliseconds now_{100s};
};

TEST_F(MeanTest, OfTheIntervalWhereThereWereChanges) {
  EXPECT_EQ(sample().frequency->percent, 20) << "nothing is traced";
  EXPECT_EQ(later(4, 1'500'000, 3).frequency->percent, 20) << "one reading is no interval";
  const Sample now = later(4, 1'500'000, 3);
  EXPECT_EQ(now.frequency->percent, 75) << "the fastest policy counts";
  EXPECT_EQ(now.frequency->kilohertz, 1'500'000);
  EXPECT_EQ(now.readings.at("cpufreq.policy4.mean").number, 1'500'000);
  EXPECT_EQ(now.readings.at("cpufreq.policy4.current").number, 400'000);
  EXPECT_FALSE(now.readings.contains("cpufreq.policy0.mean")) << "its CPU 0 told no change";
}

TEST_F(MeanTest, WithoutChangesTheFrequencyOfNowHasHeld) {
  later(0, 1'500'000, 1);
  EXPECT_EQ(later(0, 1'500'000, 0).frequency->percent, 20) << "the driver tells nothing any more";
  EXPECT_EQ(later(0, 1'500'000, 1).frequency->percent, 75);
}

TEST_F(MeanTest, AnotherCpuOfThePolicyIsAnotherTrace) {
  later(0, 1'500'000, 1);
  later(0, 1'500'000, 1);
  put("policy0", "affected_cpus", "1");  // CPU 0 went offline
  sensors_.tree().forget("/sys/devices/system/cpu");
  EXPECT_EQ(later(1, 1'000'000, 1).frequency->percent, 20);
  EXPECT_EQ(later(1, 1'000'000, 1).frequency->percent, 50);
  put("policy0", "affected_cpus", "0 1");
  sensors_.tree().forget("/sys/devices/system/cpu");
  EXPECT_EQ(later(0, 1'900'000, 1).frequency->percent, 20) << "not over the time that it was away";
}

TEST_F(MeanTest, AnAreaThatWrappedIsNoMean) {
  traced_[0].area = ~std::uint64_t{0};
  later(0, 0, 1);
  EXPECT_EQ(later(0, 1'500'000, 1).frequency->percent, 20);
}

TEST_F(MeanTest, WhatWasBeforeOtherLimitsDoesNotCount) {
  later(0, 500'000, 1);
  traced_[0].microseconds += 4'000'000;
  traced_[0].area += 4'000'000ull * 300'000;
  ++traced_[0].changes;
  sensors_.begin_means();
  EXPECT_EQ(later(0, 1'500'000, 1).frequency->percent, 75);
}

TEST_F(MeanTest, AnUnknownFrequencyStaysUnknown) {
  later(0, 1'500'000, 1);
  put("policy0", "scaling_cur_freq", "nonsense");
  const Sample now = later(0, 1'500'000, 1);
  EXPECT_FALSE(now.frequency) << "of policy0";
}

}  // namespace
