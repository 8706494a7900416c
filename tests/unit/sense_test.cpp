// SPDX-License-Identifier: GPL-2.0-or-later
// The cpufreq sensor on recorded trees, and on trees with one value spoilt.
#include "sense/cpufreq.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "sense/sensors.hpp"

namespace fs = std::filesystem;
using namespace ebb;

namespace {

const fs::path trees = fs::path(EBB_SOURCE_DIR) / "tests" / "support" / "trees";
const fs::path cpufreq = "sys/devices/system/cpu/cpufreq";

Sample sense(const fs::path& root) {
  Sample sample;
  sense_cpufreq(root, sample);
  return sample;
}

// A copy of a recorded tree, to be spoilt.
class Spoilt : public testing::Test {
 protected:
  void SetUp() override { record("raspi3b-bcm2837"); }
  void TearDown() override { fs::remove_all(root_); }

  void record(const std::string& tree) {
    fs::remove_all(root_);
    fs::copy(trees / tree, root_, fs::copy_options::recursive);
  }
  fs::path file(const std::string& name) const { return root_ / cpufreq / name; }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories(file(name).parent_path());
    std::ofstream(file(name), std::ios::trunc) << text;
  }

  // The frequency is unknown and the reason names `name` and says `why`.
  void expect_unknown(const std::string& name, const std::string& reading, const std::string& why) const {
    const Sample sample = sense(root_);
    const Reading& own = sample.readings.at("cpufreq.policy0." + reading);
    EXPECT_FALSE(own.known()) << name << " " << why;
    for (const Reading& each : {own, sample.readings.at("frequency")}) {
      EXPECT_NE(each.reason.find(file("policy0/" + name).string()), std::string::npos) << each.reason;
      EXPECT_NE(each.reason.find(why), std::string::npos) << each.reason;
    }
    EXPECT_FALSE(sample.frequency);
    EXPECT_FALSE(sample.readings.at("frequency").known());
    EXPECT_EQ(sample.readings.at("cpufreq.policy0.min").number, 600000) << "the other files are still read";
  }

  fs::path root_ = fs::temp_directory_path() / ("ebb-sense-" + std::to_string(getpid()));
};

TEST(Sense, RaspberryPi) {
  const Sample sample = sense(trees / "raspi3b-bcm2837");
  ASSERT_EQ(sample.policies.size(), 1u);
  const CpufreqPolicy& policy = sample.policies[0];
  EXPECT_EQ(policy.name, "policy0");
  EXPECT_EQ(policy.cpus, "0-3");
  EXPECT_EQ(policy.current, 600000u) << "scaling_cur_freq, not cpuinfo_cur_freq, which says 1000000";
  EXPECT_EQ(policy.min, 600000u);
  EXPECT_EQ(policy.max, 1200000u);
  EXPECT_EQ(policy.hardware_min, 600000u);
  EXPECT_EQ(policy.hardware_max, 1200000u);
  ASSERT_TRUE(sample.frequency);
  EXPECT_DOUBLE_EQ(sample.frequency->percent, 50);
  EXPECT_DOUBLE_EQ(sample.frequency->kilohertz, 600000);
  EXPECT_EQ(sample.readings.at("frequency").number, 50);
  EXPECT_EQ(sample.readings.at("frequency").unit, "percent");
  EXPECT_EQ(sample.readings.at("cpufreq.policy0.current").unit, "kilohertz");
  EXPECT_EQ(sample.readings.at("cpufreq.policy0.governor").text, "schedutil");
  EXPECT_EQ(sample.readings.at("cpufreq.policy0.driver").text, "cpufreq-dt");
}

TEST(Sense, OtherBoards) {
  const Sample arm = sense(trees / "arm64-cpufreq-dt-psci");
  ASSERT_TRUE(arm.frequency);
  EXPECT_DOUBLE_EQ(arm.frequency->percent, 75);
  const Sample x86 = sense((trees / "x86-acpi-cpufreq-battery").string() + "//");
  ASSERT_EQ(x86.policies.size(), 2u);
  EXPECT_EQ(x86.policies[1].cpus, "1");
  EXPECT_EQ(x86.readings.at("cpufreq.policy1.driver").text, "acpi-cpufreq");
  ASSERT_TRUE(x86.frequency);
  EXPECT_DOUBLE_EQ(x86.frequency->percent, 100);
}

TEST_F(Spoilt, AbsurdNumbers) {
  const std::pair<const char*, const char*> values[] = {
      {"-1", "negative"},
      {"18446744073709551616", "out of range"},
      {"18446744073709551615", "above 100 GHz"},
      {"100000001", "above 100 GHz"},
      {"fast", "not a number"},
      {"600000 kHz", "not a number"},
      {"0x927c0", "not a number"},
      {"6e5", "not a number"},
      {"<unsupported>", "not a number"},
      {"", "empty"},
      {"\n", "empty"},
      {"0\n", "zero"},
  };
  for (const auto& [text, why] : values) {
    put("policy0/scaling_cur_freq", text);
    expect_unknown("scaling_cur_freq", "current", why);
    record("raspi3b-bcm2837");
    put("policy0/cpuinfo_max_freq", text);
    expect_unknown("cpuinfo_max_freq", "hardware_max", why);
    record("raspi3b-bcm2837");
  }
}

TEST_F(Spoilt, BoostIsKnownTwiceTheMaximumIsNot) {
  put("policy0/scaling_cur_freq", "2400000\n");
  ASSERT_TRUE(sense(root_).frequency);
  EXPECT_DOUBLE_EQ(sense(root_).frequency->percent, 200);
  put("policy0/scaling_cur_freq", "2400001\n");
  expect_unknown("scaling_cur_freq", "current", "twice cpuinfo_max_freq");
}

TEST_F(Spoilt, FilesThatCannotBeRead) {
  fs::remove(file("policy0/scaling_cur_freq"));
  expect_unknown("scaling_cur_freq", "current", "No such file");
  fs::create_symlink("/proc/self/mem", file("policy0/scaling_cur_freq"));
  expect_unknown("scaling_cur_freq", "current", "Input/output error");
  fs::remove(file("policy0/scaling_cur_freq"));
  fs::create_directory(file("policy0/scaling_cur_freq"));
  expect_unknown("scaling_cur_freq", "current", "Is a directory");
}

TEST_F(Spoilt, TextsAreNamesOrUnknown) {
  for (const std::string text : {"<unknown>", "", "two words", "\xff\xfe", "line\nline"}) {
    put("policy0/scaling_governor", text);
    const Reading governor = sense(root_).readings.at("cpufreq.policy0.governor");
    EXPECT_FALSE(governor.known()) << text;
    EXPECT_NE(governor.reason.find("scaling_governor"), std::string::npos);
  }
  put("policy0/affected_cpus", "all");
  EXPECT_EQ(sense(root_).policies.at(0).cpus, "");
  EXPECT_FALSE(sense(root_).readings.at("cpufreq.policy0.cpus").known());
}

// Linux 5.10 shows the last frequency of a policy whose CPUs are all offline.
TEST_F(Spoilt, OfflineCpusHaveNoFrequency) {
  put("policy0/affected_cpus", "\n");
  expect_unknown("affected_cpus", "current", "no CPU is online");
}

// Linux from 5.11 on refuses every file of a policy without an online CPU, which was known before: the others
// count.
TEST_F(Spoilt, AnOfflinePolicyIsNoPartOfTheWhole) {
  class Offline : public FileTree {
   public:
    using FileTree::FileTree;
    Result<std::string> read(const std::string& path) override {
      if (gone && path.find("/policy1/") != std::string::npos)
        return fail_errno("cannot read " + path, EBUSY);
      return FileTree::read(path);
    }
    bool gone = false;
  };
  fs::copy(file("policy0"), file("policy1"), fs::copy_options::recursive);
  put("policy0/scaling_cur_freq", "600000");
  put("policy1/scaling_cur_freq", "1200000");
  auto tree = std::make_unique<Offline>(root_);
  Offline& cpus = *tree;
  Sensors sensors(std::move(tree));
  EXPECT_DOUBLE_EQ(sensors.read(std::chrono::seconds(1)).frequency.value().percent, 100);
  cpus.gone = true;
  const Sample sample = sensors.read(std::chrono::seconds(6));
  EXPECT_DOUBLE_EQ(sample.frequency.value().percent, 50);
  EXPECT_NE(sample.readings.at("cpufreq.policy1.current").reason.find("no CPU is online"), std::string::npos);
}

// big.LITTLE with ten policies: natural order, the highest ratio wins, the unknown one is left out.
TEST_F(Spoilt, ManyPolicies) {
  for (const std::string name : {"policy10", "policy2", "policyX", "policy02", "policy"}) {
    put(name + "/scaling_cur_freq", name == "policy10" ? "900000" : "1900000");
    put(name + "/cpuinfo_max_freq", name == "policy10" ? "1000000" : "2000000");
  }
  put("policy2/cpuinfo_max_freq", "broken");
  const Sample sample = sense(root_);
  ASSERT_EQ(sample.policies.size(), 3u);
  EXPECT_EQ(sample.policies[0].name, "policy0");
  EXPECT_EQ(sample.policies[1].name, "policy2");
  EXPECT_EQ(sample.policies[2].name, "policy10");
  ASSERT_TRUE(sample.frequency);
  EXPECT_DOUBLE_EQ(sample.frequency->percent, 90);
  EXPECT_DOUBLE_EQ(sample.frequency->kilohertz, 900000);
}

TEST_F(Spoilt, NoPolicies) {
  for (const fs::path& root : {root_ / "nowhere", root_}) {
    fs::remove_all(root / cpufreq / "policy0");
    const Sample sample = sense(root);
    EXPECT_FALSE(sample.frequency);
    EXPECT_TRUE(sample.policies.empty());
    EXPECT_NE(
        sample.readings.at("frequency").reason.find("no cpufreq policies under " + (root / cpufreq).string()),
        std::string::npos);
  }
}

TEST_F(Spoilt, NothingStaysFromTheSampleBefore) {
  Sample sample;
  sense_cpufreq(root_, sample);
  ASSERT_TRUE(sample.frequency);
  fs::remove_all(file("policy0"));
  sense_cpufreq(root_, sample);
  EXPECT_FALSE(sample.frequency);
  EXPECT_FALSE(sample.readings.at("frequency").known());
  EXPECT_FALSE(sample.readings.contains("cpufreq.policy0.current"));
}

}  // namespace
