// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration on trial: its file exists exactly while nobody stands behind what runs.
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "agentd/trial.hpp"

namespace ebb {
namespace {

using Phase = Trial::Phase;
using namespace std::chrono_literals;

Config config_of(const std::string& interface) {
  auto config = parse_config("[agent]\ninterfaces = [\"" + interface + "\"]\n", "test");
  EXPECT_TRUE(config);
  return *config;
}

class TrialTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "ebb-trial-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/confirmed.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Trial open() const {
    auto trial = Trial::open(path_);
    EXPECT_TRUE(trial);
    return std::move(*trial);
  }
  bool kept() const { return std::filesystem::exists(path_); }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(TrialTest, ConfirmedLeavesNothing) {
  auto trial = open();
  EXPECT_FALSE(*trial.left_over());
  ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::enforce));
  EXPECT_TRUE(kept());
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  trial.begin(60s);
  EXPECT_EQ(trial.phase(), Phase::unconfirmed);
  ASSERT_TRUE(trial.confirm());
  EXPECT_EQ(trial.phase(), Phase::confirmed);
  EXPECT_FALSE(kept());
  EXPECT_FALSE(*open().left_over());
}

TEST_F(TrialTest, RollsBackWhenTheTimeIsOver) {
  auto trial = open();
  ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::enforce));
  trial.begin(1s);
  EXPECT_FALSE(trial.expired());
  pollfd ready{.fd = trial.timer(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&ready, 1, 3000), 1);
  EXPECT_TRUE(trial.expired());
  const auto& config = trial.roll_back();
  EXPECT_EQ(config.interfaces, std::vector<std::string>{"eth0"});
  EXPECT_EQ(config.enforcement, Enforcement::enforce) << "what a person had set";
  EXPECT_EQ(trial.phase(), Phase::rolled_back);
  EXPECT_TRUE(kept()) << "the next start must not take the files";
}

TEST_F(TrialTest, AConfirmedOneDoesNotExpire) {
  auto trial = open();
  ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::observe));
  trial.begin(1s);
  ASSERT_TRUE(trial.confirm());
  pollfd ready{.fd = trial.timer(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&ready, 1, 1300), 0);
  EXPECT_FALSE(trial.expired());
}

TEST_F(TrialTest, TheNextStartFindsWhatWasConfirmed) {
  {
    auto trial = open();
    ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::observe));
    trial.begin(60s);
  }
  auto next = open();
  const auto config = next.left_over();
  ASSERT_TRUE(config && *config);
  EXPECT_EQ((*config)->interfaces, std::vector<std::string>{"eth0"});
  EXPECT_EQ(next.phase(), Phase::rolled_back);
  EXPECT_TRUE(kept());
}

TEST_F(TrialTest, ASecondTrialComesBackToTheConfirmedOne) {
  auto trial = open();
  ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::observe));
  trial.begin(60s);
  ASSERT_TRUE(trial.prepare(config_of("eth1"), Enforcement::observe));
  trial.cancel();  // it could not be applied: the first one is still on trial
  EXPECT_TRUE(kept());
  EXPECT_EQ(trial.phase(), Phase::unconfirmed);
  EXPECT_EQ(trial.roll_back().interfaces, std::vector<std::string>{"eth0"});
}

TEST_F(TrialTest, CancelledIsAsIfNeverPrepared) {
  auto trial = open();
  ASSERT_TRUE(trial.prepare(config_of("eth0"), Enforcement::observe));
  trial.cancel();
  EXPECT_FALSE(kept());
  EXPECT_EQ(trial.phase(), Phase::confirmed);
}

TEST_F(TrialTest, NeitherFollowsALinkNorTakesADamagedFile) {
  const auto precious = folder_ / "precious";
  std::ofstream(precious) << "[agent]\ninterfaces = [\"eth0\"]\n";
  std::filesystem::create_symlink(precious, path_);
  auto trial = open();
  EXPECT_FALSE(trial.left_over());
  ASSERT_TRUE(trial.prepare(config_of("eth1"), Enforcement::observe));
  EXPECT_FALSE(std::filesystem::is_symlink(path_));
  std::ofstream(path_) << "[agent]\ninterfaces = [";
  const auto damaged = open().left_over();
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().hint.find("rm " + path_), std::string::npos);
}

}  // namespace
}  // namespace ebb
