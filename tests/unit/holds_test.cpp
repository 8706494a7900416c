// SPDX-License-Identifier: GPL-2.0-or-later
// Holds on disk: they outlive an agent, not a damaged file; and what watchers are told.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "agentd/decision.hpp"
#include "agentd/holds.hpp"
#include "agentd/watch.hpp"

namespace fs = std::filesystem;
using namespace ebb;
using namespace std::chrono_literals;

namespace {

class HoldsFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path() const { return folder_ / "holds.json"; }
  Holds open() {
    warning.reset();
    return Holds::open(path(), warning).value();
  }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path()).rdbuf();
    return out.str();
  }
  void put(const std::string& words) const { std::ofstream(path(), std::ios::trunc) << words; }

  std::optional<Error> warning;
  fs::path folder_ = fs::temp_directory_path() / ("ebb-holds-" + std::to_string(getpid()));
};

TEST_F(HoldsFile, SurviveTheAgent) {
  const auto before = boot_time();
  {
    Holds first = open();
    ASSERT_TRUE(first.add(PowerState::power_saver, 60s, "night \"\xff", "me", {}));
    ASSERT_TRUE(first.add(PowerState::performance, 1h, "backup", "cron", {}));
  }
  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  Holds second = open();
  EXPECT_FALSE(warning);
  ASSERT_EQ(second.all().size(), 2U);
  EXPECT_EQ(second.all()[0].id, "h1");
  EXPECT_EQ(second.all()[0].state, PowerState::power_saver);
  EXPECT_GE(second.all()[0].until, before + 60s);
  EXPECT_LE(second.all()[0].until, boot_time() + 60s);
  EXPECT_EQ(second.add(PowerState::balanced, 1s, "x", "y", {})->id, "h3");
  ASSERT_TRUE(second.release("h1"));
  EXPECT_EQ(second.add(PowerState::balanced, 1s, "x", "y", {})->id, "h1") << "the lowest that is free";
  EXPECT_EQ(second.release("h9").error().exit_code, exit_usage);
  EXPECT_EQ(second.release_all().size(), 3U);
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(HoldsFile, EndOnTheirOwn) {
  Holds holds = open();
  ASSERT_TRUE(holds.add(PowerState::critical, 1s, "short", "me", {}));
  ASSERT_TRUE(holds.add(PowerState::critical, 1h, "long", "me", {}));
  const auto end = holds.all()[0].until;
  EXPECT_TRUE(holds.release_expired(end - 1ms).empty());
  pollfd timer{.fd = holds.timer(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&timer, 1, 0), 0);
  EXPECT_EQ(poll(&timer, 1, 3000), 1) << "the timer fires at the next end";
  EXPECT_GE(boot_time(), end);
  const auto gone = holds.release_expired(boot_time());
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].reason, "short");
  holds.acknowledge();
  EXPECT_EQ(poll(&timer, 1, 0), 0);
}

TEST_F(HoldsFile, AnEndThatPassedWhileNoAgentRanIsOver) {
  Holds first = open();
  ASSERT_TRUE(first.add(PowerState::critical, 1s, "short", "me", {}));
  ASSERT_TRUE(first.add(PowerState::critical, 60s, "long", "me", {}));
  auto file = nlohmann::json::parse(text());
  file["holds"][0]["until_ms"] = 1;
  file["holds"][1]["until_ms"] = 1ULL << 52;
  put(file.dump());
  Holds second = open();
  ASSERT_EQ(second.all().size(), 1U);
  EXPECT_LE(second.all()[0].until, boot_time() + Holds::max_time) << "nobody holds for ever";
}

TEST_F(HoldsFile, BoundToAConnection) {
  Holds holds = open();
  const auto bound = holds.add(PowerState::critical, 60s, "while", "me", 7);
  ASSERT_TRUE(bound);
  EXPECT_FALSE(fs::exists(path())) << "it ends with the agent";
  ASSERT_TRUE(holds.add(PowerState::balanced, 60s, "timed", "me", {}));
  EXPECT_EQ(text().find("while"), std::string::npos);
  EXPECT_TRUE(holds.bound(*bound));
  EXPECT_TRUE(holds.release_connection(8).empty());
  EXPECT_EQ(holds.release_connection(7).size(), 1U);
  EXPECT_EQ(holds.all().size(), 1U);
}

TEST_F(HoldsFile, AreLimited) {
  Holds holds = open();
  for (std::size_t i = 0; i < Holds::max_holds; ++i)
    ASSERT_TRUE(holds.add(PowerState::balanced, 60s, "x", "y", i));
  EXPECT_FALSE(holds.add(PowerState::balanced, 60s, "x", "y", {}));
  EXPECT_LE(holds.all().front().until, boot_time() + 60s);
}

TEST_F(HoldsFile, DamageIsAWarningAndNoHold) {
  {
    ASSERT_TRUE(open().add(PowerState::critical, 60s, "night", "me", {}));
  }
  const std::string whole = text();
  auto json = nlohmann::json::parse(whole);
  std::vector<std::string> damaged = {"", "{}", "[]", "null", whole.substr(0, whole.size() / 2)};
  for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{{"id", ""},
                                                                                      {"id", 1},
                                                                                      {"state", "calm"},
                                                                                      {"reason", nullptr},
                                                                                      {"until_ms", -1},
                                                                                      {"until_ms", "1"},
                                                                                      {"until_ms", ~0ULL}}) {
    auto bad = json;
    bad["holds"][0][key] = value;
    damaged.push_back(bad.dump());
  }
  auto twice = json;
  twice["holds"].push_back(twice["holds"][0]);
  damaged.push_back(twice.dump());
  auto version = json;
  version["version"] = 2;
  damaged.push_back(version.dump());
  for (const auto& words : damaged) {
    put(words);
    EXPECT_TRUE(open().all().empty()) << words;
    EXPECT_TRUE(warning) << words;
  }
  auto other = json;
  other["boot_id"] = "another";
  put(other.dump());
  EXPECT_TRUE(open().all().empty());
  EXPECT_FALSE(warning) << "another boot's are simply over";
  fs::remove(path());
  put("");
  fs::rename(path(), folder_ / "victim");
  fs::create_symlink(folder_ / "victim", path());
  EXPECT_TRUE(open().all().empty());
  EXPECT_TRUE(warning) << "a link is not followed";
}

TEST(Watch, TellsWhatDiffers) {
  const Facts before = {
      {"state", {"balanced", "default"}}, {"hold h1", {"critical", "x"}}, {"mode", {"quiet", ""}}};
  const Facts after = {
      {"state", {"critical", "hold.h2"}}, {"hold h2", {"critical", "y"}}, {"mode", {"quiet", "new"}}};
  const auto list = changes(before, after, "T");
  ASSERT_EQ(list.size(), 3U) << list.dump(2);
  EXPECT_EQ(list[0], (nlohmann::json{{"time", "T"},
                                     {"what", "hold"},
                                     {"name", "h1"},
                                     {"from", "critical"},
                                     {"to", nullptr},
                                     {"why", ""}}));
  EXPECT_EQ(list[1], (nlohmann::json{{"time", "T"},
                                     {"what", "hold"},
                                     {"name", "h2"},
                                     {"from", nullptr},
                                     {"to", "critical"},
                                     {"why", "y"}}));
  EXPECT_EQ(list[2], (nlohmann::json{{"time", "T"},
                                     {"what", "state"},
                                     {"name", nullptr},
                                     {"from", "balanced"},
                                     {"to", "critical"},
                                     {"why", "hold.h2"}}));
  EXPECT_TRUE(changes(after, after, "T").empty());
}

}  // namespace
