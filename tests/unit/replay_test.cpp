// SPDX-License-Identifier: GPL-2.0-or-later
// A record gives the samples that were taken while it was made, whatever is in it.
#include "sense/replay.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "sense/recorder.hpp"
#include "sense/uevents.hpp"

namespace fs = std::filesystem;
using namespace ebb;
using namespace std::chrono_literals;

namespace {

const fs::path trees = fs::path(EBB_SOURCE_DIR) / "tests" / "support" / "trees";

class ReplayTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    fs::copy(trees / "x86-intel-pstate-laptop", machine(), fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string machine() const { return folder_ / "machine"; }
  std::string record() const { return folder_ / "record"; }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((machine() / fs::path(name)).parent_path());
    std::ofstream(machine() / fs::path(name), std::ios::trunc) << text;
  }
  void write_record(const std::string& lines) const {
    fs::create_directories(record());
    std::ofstream(record() + "/changes.jsonl") << lines;
  }

  fs::path folder_ = fs::temp_directory_path() / ("ebb-replay-" + std::to_string(getpid()));
};

// All but what the agent itself costs.
std::string text_of(Sample sample) {
  std::string out;
  for (const auto& [name, reading] : sample.readings)
    if (!name.starts_with("self."))
      out += name + " " +
             (reading.number ? std::to_string(*reading.number) : reading.text.value_or("unknown")) + "\n";
  return out;
}

TEST_F(ReplayTest, GivesTheSamplesThatWereTaken) {
  auto recorder = Recorder::open(record(), machine());
  ASSERT_TRUE(recorder) << recorder.error().what;
  Sensors sensors{std::make_unique<FileTree>(machine())};
  std::vector<std::string> expected;
  const auto step = [&](std::chrono::milliseconds at) {
    ASSERT_TRUE(recorder->sample(at));
    expected.push_back(text_of(sensors.read(100s + at)));
  };
  step(0s);
  put("sys/class/power_supply/AC/online", "1\n");
  put("sys/class/power_supply/BAT0/capacity", "\xff not a number");
  put("proc/stat", "cpu  31000 12 9100 400900 20 0 3 0 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nprocs_running 9\nx\n");
  step(5s);
  fs::remove_all(machine() / fs::path("sys/devices/system/cpu/cpufreq/policy2"));
  put("sys/class/thermal/thermal_zone7/type", "new\n");
  put("sys/class/thermal/thermal_zone7/temp", "91000\n");
  step(10s);
  step(15s);
  ASSERT_TRUE(recorder->finish(17s));

  for (int round = 0; round < 2; ++round) {
    auto replay = Replay::open(record());
    ASSERT_TRUE(replay) << replay.error().what;
    const Tree& tree = **replay;
    Sensors played{std::move(*replay)};
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(text_of(played.read(7777s + 5s * i)), expected[i]) << "sample " << i;
      EXPECT_FALSE(tree.over());
    }
    EXPECT_EQ(text_of(played.read(7777s + 60s)).find("policy2"), std::string::npos);
    EXPECT_TRUE(tree.over());
    EXPECT_TRUE(tree.failure());
  }
}

TEST_F(ReplayTest, ARecordBeginsInAFolderOfItsOwn) {
  EXPECT_FALSE(Recorder::open(machine()));
  EXPECT_FALSE(Recorder::open("/proc/nowhere/record"));
  EXPECT_FALSE(is_record(machine()));
  EXPECT_FALSE(Replay::open(machine()));
}

TEST_F(ReplayTest, LinesThatAreNoneEndIt) {
  const char* lines[] = {"",
                         "{",
                         "[]",
                         "{\"path\": \"/x\"}",
                         "{\"at\": -1}",
                         "{\"at\": 1e99}",
                         "{\"at\": 18446744073709551615}",
                         "{\"at\": 1999}",
                         "{\"at\": 3000, \"path\": \"/x\"}",
                         "{\"at\": 3000, \"path\": 1, \"text\": \"\"}",
                         "{\"at\": 3000, \"path\": \"/x\", \"text\": 5}",
                         "\xff\xfe"};
  for (const std::string line : lines) {
    write_record("{\"at\": 2000, \"path\": \"/sys/x\", \"text\": \"1\"}\n" + line + "\n");
    auto replay = Replay::open(record());
    ASSERT_TRUE(replay);
    Tree& tree = **replay;
    tree.move_to(5s);
    EXPECT_FALSE(tree.read("/sys/x"));
    tree.move_to(7s);
    EXPECT_EQ(*tree.read("/sys/x"), "1");
    EXPECT_TRUE(tree.over()) << line;
    ASSERT_FALSE(tree.failure()) << line;
    EXPECT_NE(tree.failure().error().what.find("changes.jsonl:2: "), std::string::npos) << line;
  }
  write_record("nonsense\n");
  EXPECT_FALSE(Replay::open(record()));
}

TEST(Uevents, AreAboutTheFoldersOfSensors) {
  using namespace std::string_view_literals;
  EXPECT_EQ(folder_of("change@/devices/x\0ACTION=change\0SUBSYSTEM=power_supply\0SEQNUM=1\0"sv),
            "/sys/class/power_supply");
  EXPECT_EQ(folder_of("offline@/devices/system/cpu/cpu1\0SUBSYSTEM=cpu\0"sv), "/sys/devices/system/cpu");
  for (const auto event :
       {"add@/devices/x\0SUBSYSTEM=usb\0"sv, "SUBSYSTEM="sv, ""sv, "\0\0\0"sv, "change@/devices/x"sv})
    EXPECT_EQ(folder_of(event), "");
}

}  // namespace
