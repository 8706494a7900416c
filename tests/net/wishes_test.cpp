// SPDX-License-Identifier: GPL-2.0-or-later
// Holds, the plan, watch and the urgent event: the real daemon and agentctl.
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

#include "agent.hpp"
#include "lab.hpp"
#include "live.hpp"
#include "udp.hpp"

namespace ebb::test {
namespace {

constexpr int at_once_ms = 1500;  // a busy machine's; the interval is longer
const std::string config = R"(
[agent]
interfaces = ["node0"]
interval = "20s"
enforcement = "enforce"
[[class]]
name = "control"
kind = "urgent"
match = [{ proto = "udp", dport = [20001] }]
)";
constexpr const char* flush = "/sys/class/net/node0/gro_flush_timeout";
constexpr const char* defer = "/sys/class/net/node0/napi_defer_hard_irqs";

std::string agentctl() { return "'" + program("agentctl") + "' "; }
std::string state() { return status().value("state", ""); }
bool becomes(const std::string& wanted) {
  return wait_for(at_once_ms, [&] { return state() == wanted; });
}

class Wishes : public testing::Test {
 protected:
  Lab lab;
};

TEST_F(Wishes, AHoldActsAtOnceAndTheMostSavingOneCounts) {
  const Agent agent(config);
  ASSERT_EQ(state(), "balanced");
  EXPECT_EQ(
      run(agentctl() + "hold power-saver --for 60s --reason 'a test'").rfind("h1: power-saver until ", 0),
      0U);
  EXPECT_TRUE(becomes("power-saver")) << status().dump(2);
  run(agentctl() + "hold critical --for 60s --reason more");
  EXPECT_TRUE(becomes("critical"));
  const auto list = nlohmann::json::parse(run(agentctl() + "holds --json"))["holds"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["reason"], "a test");
  EXPECT_EQ(list[0]["strongest"], false);
  EXPECT_EQ(list[1]["strongest"], true);
  run(agentctl() + "release h2");
  EXPECT_TRUE(becomes("power-saver"));
  run(agentctl() + "release --all");
  EXPECT_TRUE(becomes("balanced"));
  EXPECT_EQ(answer_to(agentctl() + "release h1").code, 2);
  EXPECT_EQ(answer_to(agentctl() + "hold calm --for 1s --reason x").code, 2);
  EXPECT_EQ(answer_to(agentctl() + "hold critical --reason x").code, 2);
}

TEST_F(Wishes, AHoldEndsInTimeNotAtTheNextInterval) {
  const Agent agent(config);
  run(agentctl() + "hold critical --for 2s --reason short");
  ASSERT_TRUE(becomes("critical"));
  sleep_ms(500);
  EXPECT_EQ(state(), "critical");
  EXPECT_TRUE(wait_for(3000, [] { return state() == "balanced"; }));
}

TEST_F(Wishes, AHoldSurvivesAKilledAgentAndARestart) {
  {
    Agent first(config);
    run(agentctl() + "hold critical --for 60s --reason night");
    ASSERT_TRUE(becomes("critical"));
    first.kill_with_guardian();
  }
  {
    const Agent second(config);
    EXPECT_EQ(state(), "critical");
  }
  const Agent third(config);
  EXPECT_EQ(state(), "critical");
  EXPECT_EQ(status()["reason"]["rule"].get<std::string>().rfind("hold", 0), 0U) << status()["reason"].dump();
}

TEST_F(Wishes, WhileACommandRuns) {
  const Agent agent(config);
  const auto ended = answer_to(agentctl() + "hold critical --reason work --while sh -c '" + agentctl() +
                               "status --json | grep state; exit 7'");
  EXPECT_EQ(ended.code, 7) << ended.text;
  EXPECT_NE(ended.text.find("critical"), std::string::npos) << ended.text;
  EXPECT_TRUE(becomes("balanced"));
  EXPECT_EQ(answer_to(agentctl() + "hold critical --while /no/such/command").code, 127);
  EXPECT_TRUE(becomes("balanced"));
}

TEST_F(Wishes, AClientThatIsKilledHoldsNoMore) {
  const Agent agent(config);
  run(agentctl() + "hold critical --reason work --while sleep 30 >/dev/null 2>&1 & echo $! >/run/test/pid");
  ASSERT_TRUE(becomes("critical"));
  kill(std::stoi(read_text("/run/test/pid")), SIGKILL);
  EXPECT_TRUE(becomes("balanced"));
}

TEST_F(Wishes, ACommandGoesOnBeingHeldForAfterARestartOfTheAgent) {
  {
    const Agent first(config);
    run(agentctl() + "hold critical --reason work --while sleep 20 >/dev/null 2>&1 & echo $! >/run/test/pid");
    ASSERT_TRUE(becomes("critical"));
  }
  const Agent second(config);
  EXPECT_TRUE(wait_for(5000, [] { return state() == "critical"; }));
  kill(std::stoi(read_text("/run/test/pid")), SIGKILL);
  EXPECT_TRUE(becomes("balanced"));
}

TEST_F(Wishes, ThePlanIsShownAndInObserveNothingIsWritten) {
  const std::string before = read_text(flush);
  std::string observe = config;
  observe.replace(observe.find("enforcement = \"enforce\""), 23, "enforcement = \"observe\"");
  {
    const Agent agent(observe);
    const auto plan = nlohmann::json::parse(run(agentctl() + "plan --state power-saver --mode quiet --json"));
    EXPECT_EQ(plan["state"], "power-saver");
    bool found = false;
    for (const auto& one : plan["settings"])
      if (one["id"] == std::string("file:") + flush)
        found = one["wanted"] == "2000000" && one["current"] == before;
    EXPECT_TRUE(found) << plan.dump(2);
    EXPECT_NE(run(agentctl() + "plan --state power-saver").find("node0/gro_flush_timeout"),
              std::string::npos);
    run(agentctl() + "hold power-saver --for 60s --reason x");
    ASSERT_TRUE(becomes("power-saver"));
    EXPECT_EQ(read_text(flush), before);
    EXPECT_TRUE(status()["knobs"].empty());
    run(agentctl() + "release --all");
  }
  Agent agent(config);
  run(agentctl() + "hold power-saver --for 60s --reason x");
  ASSERT_TRUE(wait_for(at_once_ms, [] { return read_text(flush) == "2000000"; }))
      << status()["knobs"].dump(2);
  EXPECT_EQ(read_text(defer), "100");
  agent.kill();
  EXPECT_TRUE(wait_for(at_once_ms, [&] { return read_text(flush) == before; }))
      << "the guardian gives it back";
  EXPECT_EQ(read_text(defer), "0");
}

TEST_F(Wishes, WatchTellsEachChange) {
  const Agent agent(config);
  run(agentctl() + "watch --json >/run/test/watch 2>&1 & echo $! >/run/test/pid");
  const auto told = [](const std::string& what, const std::string& to) {
    std::istringstream lines(read_text("/run/test/watch"));
    for (std::string line; std::getline(lines, line);) {
      const auto one = nlohmann::json::parse(line, nullptr, false);
      if (one.is_object() && one["what"] == what && one["to"] == to) return true;
    }
    return false;
  };
  EXPECT_TRUE(wait_for(at_once_ms, [&] {
    return told("state", "balanced") && told("interface", "xdp-native");
  })) << read_text("/run/test/watch");
  run(agentctl() + "hold critical --for 60s --reason x");
  EXPECT_TRUE(wait_for(at_once_ms, [&] { return told("state", "critical") && told("hold", "critical"); }))
      << read_text("/run/test/watch");
  run(agentctl() + "enforce off");
  EXPECT_TRUE(wait_for(at_once_ms, [&] { return told("enforcement", "observe"); }))
      << read_text("/run/test/watch");
  kill(std::stoi(read_text("/run/test/pid")), SIGTERM);
}

TEST_F(Wishes, AnUrgentPacketEndsTheQuietAtOnce) {
  const Agent agent(config);
  const Live live;
  ASSERT_EQ(live.mode(), TrafficMode::quiet);
  const auto node = traffic::endpoint(node_ipv4, 20001).value();
  const auto socket = lab.in_neighbour([&] { return std::move(traffic::udp_sender_socket(node).value()); });
  ASSERT_EQ(send(socket.get(), "x", 1, 0), 1);
  EXPECT_TRUE(wait_for(at_once_ms, [&] { return live.mode() == TrafficMode::interactive; }));
  EXPECT_FALSE(live.armed()) << "one event, not one per packet";
  EXPECT_EQ(status()["mode"], "interactive");
}

}  // namespace
}  // namespace ebb::test
