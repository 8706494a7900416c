// SPDX-License-Identifier: GPL-2.0-or-later
// reload, confirm and config over the real agent: the new configuration or the old one, and a way back.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "agent.hpp"
#include "lab.hpp"
#include "stream.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t port = 20001;
constexpr int soon_ms = 3000;
constexpr const char* kept = "/run/ebb/confirmed.toml";
const std::string file = std::string(Lab::folder) + "/agent.toml";

std::string configuration(const std::string& treatment) {
  return "[agent]\ninterfaces = [\"node0\"]\ninterval = \"200ms\"\nenforcement = \"enforce\"\n"
         "[[class]]\nname = \"counted\"\nmatch = [{ proto = \"udp\", dport = [20001] }]\n"
         "treat = { balanced = \"" +
         treatment + "\" }\n";
}
const std::string passes = configuration("pass"), drops = configuration("drop");

Answer agentctl(const std::string& words) { return answer_to("'" + program("agentctl") + "' " + words); }

std::string state() {
  const auto now = status();
  return now.is_object() ? now["configuration"].value("state", "") : "";
}

class Reload : public testing::Test {
 protected:
  bool arrives(bool wanted) const {
    return wait_for(soon_ms, [&] { return stream.arrives() == wanted; });
  }

  Lab lab;
  Stream stream{lab, port, 1000};
};

TEST_F(Reload, TakesTheFilesAndSaysWhichTheyAre) {
  Agent agent(passes);
  EXPECT_TRUE(arrives(true));
  EXPECT_EQ(agentctl("config diff " + file).code, 0);
  write_text(file, drops);
  const auto difference = agentctl("config diff " + file);
  EXPECT_EQ(difference.code, 1);
  EXPECT_NE(difference.text.find("+treat = { balanced = [\"drop\"] }"), std::string::npos) << difference.text;
  const auto reloaded = agentctl("reload");
  EXPECT_EQ(reloaded.code, 0) << reloaded.text;
  EXPECT_NE(reloaded.text.find(file), std::string::npos) << reloaded.text;
  EXPECT_TRUE(arrives(false));
  EXPECT_EQ(agentctl("config diff " + file).code, 0);
  EXPECT_EQ(state(), "confirmed");
  EXPECT_FALSE(std::filesystem::exists(kept));
}

TEST_F(Reload, LeavesTheOldOneWhereTheFileIsBad) {
  Agent agent(drops);
  EXPECT_TRUE(arrives(false));
  write_text(file, passes + "[agentt]\n");
  for (const char* words : {"reload", "reload --confirm 60s"}) {
    const auto refused = agentctl(words);
    EXPECT_EQ(refused.code, 2) << refused.text;
    EXPECT_NE(refused.text.find("agent.toml:9:"), std::string::npos) << refused.text;
    EXPECT_NE(refused.text.find("hint: "), std::string::npos) << refused.text;
    EXPECT_EQ(state(), "confirmed");
    EXPECT_FALSE(std::filesystem::exists(kept));
  }
  ::kill(agent.pid(), SIGHUP);
  sleep_ms(500);
  EXPECT_TRUE(agent.running());
  EXPECT_TRUE(arrives(false));
}

TEST_F(Reload, ComesBackUnlessConfirmed) {
  Agent agent(passes);
  write_text(file, drops);
  ASSERT_EQ(agentctl("reload --confirm 2s").code, 0);
  EXPECT_TRUE(arrives(false));
  EXPECT_EQ(state(), "unconfirmed");
  EXPECT_TRUE(std::filesystem::exists(kept));
  EXPECT_TRUE(wait_for(soon_ms, [] { return state() == "rolled_back"; }));
  EXPECT_TRUE(arrives(true));
  const auto late = agentctl("confirm");
  EXPECT_EQ(late.code, 1) << late.text;
  EXPECT_TRUE(std::filesystem::exists(kept)) << "the next start would take the files";
}

TEST_F(Reload, StaysWhenConfirmed) {
  Agent agent(passes);
  write_text(file, drops);
  ASSERT_EQ(agentctl("reload --confirm 1s").code, 0);
  EXPECT_EQ(agentctl("confirm").code, 0);
  EXPECT_FALSE(std::filesystem::exists(kept));
  sleep_ms(1500);
  EXPECT_EQ(state(), "confirmed");
  EXPECT_TRUE(arrives(false));
}

TEST_F(Reload, ComesBackWhenTheAgentWasKilledMeanwhile) {
  for (const bool guardian : {true, false}) {
    SCOPED_TRACE(guardian);
    Agent agent(passes);
    write_text(file, drops);
    ASSERT_EQ(agentctl("reload --confirm 60s").code, 0);
    EXPECT_TRUE(arrives(false));
    guardian ? agent.kill() : agent.kill_with_guardian();
    Agent next(drops);
    EXPECT_EQ(state(), "rolled_back") << Agent::log();
    EXPECT_TRUE(arrives(true));
    EXPECT_EQ(agentctl("reload").code, 0);
    EXPECT_TRUE(arrives(false)) << "a plain reload takes the files";
    EXPECT_FALSE(std::filesystem::exists(kept));
  }
}

TEST_F(Reload, RestoreKnobsKeepsTheProgramsInert) {
  Agent agent(drops);
  EXPECT_TRUE(arrives(false));
  agent.kill_with_guardian();
  const auto restored = agentctl("restore --knobs");
  EXPECT_EQ(restored.code, 0) << restored.text;
  EXPECT_TRUE(stream.arrives()) << "inert at once, not at the deadline";
  EXPECT_TRUE(std::filesystem::exists("/sys/fs/bpf/ebb"));
  Agent next(drops);
  EXPECT_NE(Agent::log().find("adopted"), std::string::npos) << Agent::log();
  EXPECT_TRUE(arrives(false));
}

}  // namespace
}  // namespace ebb::test
