// SPDX-License-Identifier: GPL-2.0-or-later
// All sensors on a recorded tree, with time going on and with values spoilt.
#include "sense/sensors.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace fs = std::filesystem;
using namespace ebb;
using namespace std::chrono_literals;

namespace {

const fs::path trees = fs::path(EBB_SOURCE_DIR) / "tests" / "support" / "trees";

// A laptop of the documented kernel ABI: a battery and a charger, a thermal zone, meters.
class SensorsTest : public testing::Test {
 protected:
  void SetUp() override {
    put("sys/class/power_supply/AC/type", "Mains");
    put("sys/class/power_supply/AC/online", "0");
    put("sys/class/power_supply/BAT0/type", "Battery");
    put("sys/class/power_supply/BAT0/capacity", "40");
    put("sys/class/power_supply/BAT0/status", "Discharging");
    put("sys/class/power_supply/BAT0/power_now", "12500000");
    put("sys/class/power_supply/BAT0/energy_full", "30000000");
    put("sys/class/thermal/thermal_zone0/type", "acpitz");
    put("sys/class/thermal/thermal_zone0/temp", "61000");
    put("sys/class/thermal/thermal_zone0/trip_point_0_type", "critical");
    put("sys/class/thermal/thermal_zone0/trip_point_0_temp", "100000");
    put("sys/class/thermal/thermal_zone0/trip_point_1_type", "passive");
    put("sys/class/thermal/thermal_zone0/trip_point_1_temp", "80000");
    put("sys/class/thermal/thermal_zone0/trip_point_2_type", "active");
    put("sys/class/thermal/thermal_zone0/trip_point_2_temp", "50000");
    put("sys/class/hwmon/hwmon0/name", "rpi_volt");
    put("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0");
    put("sys/class/hwmon/hwmon1/device/name", "power_meter");
    put("sys/class/hwmon/hwmon1/device/power1_average", "7500000");
    put("proc/pressure/cpu", "some avg10=5.51 avg60=1.24 avg300=0.27 total=899074\n");
    put("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    stat(1000, 9000, 3);
  }
  void TearDown() override { fs::remove_all(root_); }

  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::trunc) << text;
  }
  // Two CPUs; times in hundredths of a second.
  void stat(unsigned busy, unsigned idle, unsigned running) const {
    put("proc/stat", "cpu  " + std::to_string(busy) + " 0 0 " + std::to_string(idle) +
                         " 0 0 0 0 0 0\ncpu0 1 1 1 1 0 0 0 0 0 0\ncpu7 1 1 1 1 0 0 0 0 0 0\nintr 1 2 3\n"
                         "procs_running " +
                         std::to_string(running) + "\nprocs_blocked 0\n");
  }
  Sample sample() {
    now_ += 5s;
    return sensors_.read(now_);
  }
  void expect_unknown(const std::string& name, const std::string& why) {
    const Sample now = sample();
    const Reading& reading = now.readings.at(name);
    EXPECT_FALSE(reading.known()) << name << " after " << why;
    EXPECT_NE(reading.reason.find(why), std::string::npos) << name << ": " << reading.reason;
  }

  fs::path root_ = fs::temp_directory_path() / ("ebb-sensors-" + std::to_string(getpid()));
  Sensors sensors_{std::make_unique<FileTree>(root_)};
  std::chrono::milliseconds now_{100s};
};

TEST_F(SensorsTest, EveryReadingOfTheTable) {
  sample();
  stat(1100, 9300, 3);
  const Sample now = sample();
  const auto value = [&](const char* name) { return now.readings.at(name).number.value_or(-1); };
  EXPECT_EQ(now.readings.at("mains").text, "offline");
  EXPECT_DOUBLE_EQ(value("battery"), 40);
  EXPECT_DOUBLE_EQ(value("battery_power"), 12.5);
  EXPECT_DOUBLE_EQ(value("temperature"), 61);
  EXPECT_DOUBLE_EQ(value("heat_margin"), 19) << "to the passive trip; a fan is no danger";
  EXPECT_EQ(now.readings.at("under_voltage").text, "no");
  EXPECT_DOUBLE_EQ(value("power"), 7.5);
  EXPECT_DOUBLE_EQ(value("cpu_pressure"), 5.51);
  EXPECT_DOUBLE_EQ(value("memory_pressure"), 0);
  EXPECT_DOUBLE_EQ(value("utilisation"), 25);
  EXPECT_DOUBLE_EQ(value("run_queue"), 1) << "two wait or run, besides the reader, on two CPUs";
  EXPECT_FALSE(now.readings.at("frequency").known());
}

TEST_F(SensorsTest, AMachineWithoutAnythingSaysWhatItLacks) {
  fs::remove_all(root_);
  const Sample now = sample();
  for (const char* name :
       {"frequency", "utilisation", "run_queue", "cpu_pressure", "memory_pressure", "temperature",
        "heat_margin", "mains", "battery", "battery_power", "power", "under_voltage"}) {
    EXPECT_FALSE(now.readings.at(name).known()) << name;
    EXPECT_FALSE(now.readings.at(name).reason.empty()) << name;
  }
}

TEST_F(SensorsTest, AbsurdValuesAreUnknownWithTheReason) {
  const std::string battery = "sys/class/power_supply/BAT0/", zone = "sys/class/thermal/thermal_zone0/";
  const struct {
    std::string file;
    const char *text, *reading, *why;
  } rows[] = {
      {battery + "capacity", "101", "battery", "above 100"},
      {battery + "capacity", "-1", "battery", "negative"},
      {battery + "capacity", "18446744073709551616", "battery", "out of range"},
      {battery + "capacity", "full", "battery", "not a number"},
      {battery + "capacity", "", "battery", "empty"},
      {battery + "status", "Sideways", "battery_power", "not a status"},
      {battery + "type", "Batt", "battery", "not a type"},
      {battery + "power_now", "9e99", "battery_power", "not a number"},
      {battery + "energy_full", "-3", "battery", "negative"},
      {"sys/class/power_supply/AC/online", "7", "mains", "above 2"},
      {zone + "temp", "-274000", "temperature", "below -60"},
      {zone + "temp", "255000", "heat_margin", "above 200"},
      {zone + "trip_point_1_temp", "warm", "heat_margin", "not a number"},
      {zone + "trip_point_1_type", "pass", "heat_margin", "not the type"},
      {"sys/class/hwmon/hwmon0/in0_lcrit_alarm", "2", "under_voltage", "above 1"},
      {"sys/class/hwmon/hwmon1/device/power1_average", "-1", "power", "negative"},
      {"proc/pressure/cpu", "some avg10=5.5", "cpu_pressure", "cut short"},
      {"proc/pressure/cpu", "some avg10=-1.00 avg60=0", "cpu_pressure", "not a percentage"},
      {"proc/pressure/memory", "some avg10=nan avg60=0", "memory_pressure", "not a percentage"},
      {"proc/stat", "cpu  1 2 3", "utilisation", "no line of ten times"},
      {"proc/stat", "cpu  1 2 3\nprocs_running 12", "run_queue", "no procs_running"},
  };
  for (const auto& row : rows) {
    SetUp();
    sample();
    put(row.file, row.text);
    expect_unknown(row.reading, row.why);
  }
}

TEST_F(SensorsTest, TheUtilisationNeedsTwoSamplesOfTheSameClock) {
  expect_unknown("utilisation", "one sample");
  expect_unknown("utilisation", "no time has passed");
  stat(900, 9000, 1);
  expect_unknown("utilisation", "went back");
  stat(1000000, 9000, 1);
  expect_unknown("utilisation", "more time than has passed");
  stat(1000100, 9000, 1);
  EXPECT_DOUBLE_EQ(sample().readings.at("utilisation").number.value_or(-1), 100);
}

TEST_F(SensorsTest, TheBusiestCpuIsToldBesideTheMean) {
  const auto stat = [&](unsigned first, unsigned second, unsigned idle) {
    put("proc/stat", "cpu  " + std::to_string(first + second) + " 0 0 " + std::to_string(2 * idle) +
                         " 0 0 0 0 0 0\ncpu0 " + std::to_string(first) + " 0 0 " + std::to_string(idle) +
                         " 0 0 0 0 0 0\ncpu7 " + std::to_string(second) + " 0 0 " + std::to_string(idle) +
                         " 0 0 0 0 0 0\nprocs_running 1\n");
  };
  const auto told = [](const Sample& now, const char* name) {
    return now.readings.at(name).number.value_or(-1);
  };
  stat(1000, 1000, 1000);
  EXPECT_FALSE(sample().readings.at("utilisation.busiest").known());
  stat(1400, 1000, 1100);
  const Sample now = sample();
  EXPECT_DOUBLE_EQ(told(now, "utilisation.busiest"), 80);
  EXPECT_NEAR(told(now, "utilisation"), 66.7, 0.1);
  stat(1400, 1020, 1110);
  EXPECT_DOUBLE_EQ(told(sample(), "utilisation.busiest"), 80) << "0.2 s later: too soon for another share";
  stat(1400, 1070, 1130);
  EXPECT_DOUBLE_EQ(told(sample(), "utilisation.busiest"), 70) << "of the whole time since the share before";
}

// Two batteries: the larger one counts more, and a silent one is left out.
TEST_F(SensorsTest, BatteriesAreWeighted) {
  const std::string second = "sys/class/power_supply/BAT1/";
  put(second + "type", "Battery");
  put(second + "capacity", "100");
  put(second + "status", "Charging");
  put(second + "current_now", "-1000000");
  put(second + "voltage_now", "2500000");
  put(second + "energy_full", "10000000");
  put("sys/class/power_supply/mouse/type", "Battery");
  put("sys/class/power_supply/mouse/scope", "Device");
  put("sys/class/power_supply/mouse/capacity", "3");
  const Sample both = sample();
  EXPECT_DOUBLE_EQ(both.readings.at("battery").number.value_or(-1), 55);
  EXPECT_DOUBLE_EQ(both.readings.at("battery_power").number.value_or(-1), 10);
  fs::remove(root_ / second / "energy_full");
  put(second + "charge_full", "5000000");
  EXPECT_DOUBLE_EQ(sample().readings.at("battery").number.value_or(-1), 70) << "no unit in common";
  put(second + "present", "0");
  EXPECT_DOUBLE_EQ(sample().readings.at("battery").number.value_or(-1), 40);
  put("sys/class/power_supply/mouse/scope", "Devi");
  expect_unknown("battery", "not a scope");
  fs::remove(root_ / "sys/class/power_supply/mouse/scope");
  expect_unknown("battery", "mouse/scope: No such file");
}

// A part that was known and is broken now must not make room for the others.
TEST_F(SensorsTest, ABrokenPartLeavesTheWholeUnknown) {
  const std::string second = "sys/class/thermal/thermal_zone1/";
  put(second + "type", "cpu");
  put(second + "temp", "garbage");
  EXPECT_DOUBLE_EQ(sample().readings.at("temperature").number.value_or(-1), 61) << "it never answered";
  put(second + "temp", "95000");
  EXPECT_DOUBLE_EQ(sample().readings.at("temperature").number.value_or(-1), 95);
  put(second + "temp", "garbage");
  expect_unknown("temperature", "thermal_zone1/temp: not a number");
  fs::remove_all(root_ / second);
  EXPECT_DOUBLE_EQ(sample().readings.at("temperature").number.value_or(-1), 61) << "it is gone";
}

TEST_F(SensorsTest, ManyCpusWithGaps) {
  const std::string cpus = "sys/devices/system/cpu/";
  for (unsigned cpu = 0; cpu < 4096; cpu += 3)
    put(cpus + "cpufreq/policy" + std::to_string(cpu) + "/scaling_cur_freq", cpu == 3 ? "900000" : "500000");
  for (unsigned cpu = 0; cpu < 4096; cpu += 3)
    put(cpus + "cpufreq/policy" + std::to_string(cpu) + "/cpuinfo_max_freq", "1000000");
  std::string all = "cpu  1000 0 0 9000 0 0 0 0 0 0\n";
  for (unsigned cpu = 0; cpu < 4096; cpu += 3) all += "cpu" + std::to_string(cpu) + " 1 1 1 1 0 0 0 0 0 0\n";
  put("proc/stat", all + "procs_running 1366\nprocs_blocked 0\n");
  const Sample now = sample();
  EXPECT_DOUBLE_EQ(now.readings.at("frequency").number.value_or(-1), 90);
  EXPECT_DOUBLE_EQ(now.readings.at("cpu.online").number.value_or(-1), 1366);
  EXPECT_NEAR(now.readings.at("run_queue").number.value_or(-1), 1, 0.001);
}

// With an event to come for every change, what is fixed is asked for once.
TEST_F(SensorsTest, WhatIsFixedIsReadAgainOnlyWhenItIsForgotten) {
  auto* tree = new FileTree(root_);
  tree->keep();
  Sensors sensors{std::unique_ptr<Tree>(tree)};
  const auto margin = [&] { return sensors.read(now_ += 5s).readings.at("heat_margin").number.value_or(-1); };
  EXPECT_DOUBLE_EQ(margin(), 19);
  put("sys/class/thermal/thermal_zone0/trip_point_1_temp", "70000");
  put("sys/class/thermal/thermal_zone0/temp", "60000");
  EXPECT_DOUBLE_EQ(margin(), 20);
  tree->forget("/sys/class/power_supply");
  EXPECT_DOUBLE_EQ(margin(), 20);
  tree->forget("/sys/class/thermal");
  EXPECT_DOUBLE_EQ(margin(), 10);
}

}  // namespace
