// SPDX-License-Identifier: GPL-2.0-or-later
// The main job, end to end: the real daemon, live packets, a recorded board as its sensors.
#include <gtest/gtest.h>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "stream.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t chatter_port = 20001, telemetry_port = 20002;
constexpr unsigned per_second = 2000;
constexpr int soon_ms = 3000;  // an interval of 200 ms, some dwell time, and a busy machine
constexpr const char* rps = "/sys/class/net/node0/queues/rx-0/rps_cpus";

const std::string classes = R"(
[[class]]
name = "chatter"
kind = "background"
match = [{ proto = "udp", dport = [20001] }]
treat = { balanced = ["pass"], power-saver = ["drop"] }
[[class]]
name = "telemetry"
kind = "background"
match = [{ proto = "udp", dport = [20002] }]
treat = { power-saver = ["trim=64", "steer"] }
)";
const std::string by_frequency = R"(
[agent]
interfaces = ["node0"]
interval = "200ms"
enforcement = "enforce"
[state.power-saver]
enter = { frequency = "< 60%" }
leave = { frequency = "> 80%" }
dwell = "200ms"
cpus = "0"
)" + classes;

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::stoi(run("nproc")) < 2) GTEST_SKIP() << "one CPU: nothing can be steered";
    run("cp -r '" EBB_TREES "/raspi3b-bcm2837' /run/test/root");
    frequency(1200000);
  }
  static void frequency(unsigned kilohertz) {
    write_text("/run/test/root/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq",
               std::to_string(kilohertz) + "\n");
  }
  static bool becomes(const std::string& state) {
    return wait_for(soon_ms, [&] { return status().value("state", "") == state; });
  }
  static void save_power() {
    frequency(600000);
    ASSERT_TRUE(becomes("power-saver")) << status().dump(2);
  }

  Lab lab;
  const std::string options = "--root /run/test/root";
};

// What every power state promises, asked of the sockets.
void expect_balanced(const Stream& chatter, const Stream& telemetry) {
  EXPECT_TRUE(chatter.arrives());
  EXPECT_EQ(telemetry.mean_bytes(), 1000);
  EXPECT_LE(telemetry.percent_on_cpu0(), 10);
}
void expect_power_saver(const Stream& chatter, const Stream& telemetry) {
  EXPECT_FALSE(chatter.arrives());
  EXPECT_EQ(telemetry.mean_bytes(), 64);
  EXPECT_GE(telemetry.percent_on_cpu0(), 90);
}

TEST_F(AgentTest, TheFrequencyDecidesWhatHappensToPackets) {
  const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
  Agent agent(by_frequency, options);
  EXPECT_EQ(interface_status()["hook"], "xdp-native");
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(becomes("balanced"));
    expect_balanced(chatter, telemetry);
    save_power();
    expect_power_saver(chatter, telemetry);
    const auto now = status();
    EXPECT_EQ(now["reason"]["rule"], "power-saver.enter");
    EXPECT_EQ(now["cpus"]["mask"], "0");
    EXPECT_EQ(now["sensors"]["frequency"]["value"], 50);
    frequency(1200000);
  }
  ASSERT_TRUE(becomes("balanced"));
  EXPECT_EQ(agent.stop(), 0) << Agent::log();
  EXPECT_TRUE(chatter.arrives());
  EXPECT_EQ(xdp_program_on(node_if), 0U);
  EXPECT_EQ(run("ls /sys/fs/bpf/ebb 2>/dev/null | wc -l"), "0\n");
}

// A beat that comes late, or a deadline that is counted wrong, lets packets through.
TEST_F(AgentTest, TheDataPlaneIsNeverInertWhileTheAgentLives) {
  frequency(600000);
  const Stream chatter(lab, chatter_port, per_second);
  for (const char* interval : {"\"200ms\"", "\"2s\""}) {
    SCOPED_TRACE(interval);
    std::string config = by_frequency;
    config.replace(config.find("\"200ms\""), 7, interval);
    Agent agent(config, options);
    ASSERT_TRUE(becomes("power-saver"));
    chatter.receiver->arm();
    sleep_ms(5000);
    EXPECT_FALSE(chatter.receiver->first()) << status()["passed"].dump();
  }
}

TEST_F(AgentTest, ObserveTouchesNothingAndCounts) {
  const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
  std::string config = by_frequency;
  config.replace(config.find("\"enforce\""), 9, "\"observe\"");
  frequency(600000);
  Agent agent(config, options);
  ASSERT_TRUE(becomes("power-saver"));
  expect_balanced(chatter, telemetry);
  std::uint64_t would_drop = 0, would_trim = 0;
  const auto now = status();
  for (const auto& one : now["classes"]) {
    would_drop += one["dropped"].get<std::uint64_t>();
    would_trim += one["trimmed"].get<std::uint64_t>();
  }
  EXPECT_GT(would_drop, 0U);
  EXPECT_GT(would_trim, 0U);
}

TEST_F(AgentTest, AForeignProgramIsLeftAloneAndNamed) {
  Foreign foreign;
  foreign.attach_xdp(node_if);
  const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
  Agent agent(by_frequency, options);
  const auto interface = interface_status();
  EXPECT_EQ(interface["hook"], "tcx");
  EXPECT_NE(interface["hook_reason"].get<std::string>().find("foreign_xdp"), std::string::npos)
      << interface.dump(2);
  expect_balanced(chatter, telemetry);
  save_power();
  expect_power_saver(chatter, telemetry);  // steered by rps_cpus here
  EXPECT_EQ(read_text(rps), "1");
  EXPECT_EQ(xdp_program_on(node_if), foreign.xdp_id());
  EXPECT_EQ(agent.stop(), 0) << Agent::log();
  EXPECT_EQ(xdp_program_on(node_if), foreign.xdp_id());
  EXPECT_EQ(tcx_programs_on(node_if), 0U);
  EXPECT_EQ(read_text(rps), "0");
}

TEST_F(AgentTest, EnforceOffGivesPacketsAndKnobsBack) {
  Foreign foreign;
  foreign.attach_xdp(node_if);
  const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
  Agent agent(by_frequency, options);
  save_power();
  for (int round = 0; round < 2; ++round) {
    expect_power_saver(chatter, telemetry);
    run("'" + program("agentctl") + "' enforce off");
    EXPECT_EQ(read_text(rps), "0");
    expect_balanced(chatter, telemetry);
    run("'" + program("agentctl") + "' enforce on");
    EXPECT_EQ(read_text(rps), "1");
  }
}

TEST_F(AgentTest, NothingIsDroppedWhereTrafficIsForwarded) {
  const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
  Agent agent(by_frequency, options);
  save_power();
  expect_power_saver(chatter, telemetry);
  for (const char* family : {"ipv4", "ipv6"}) {
    SCOPED_TRACE(family);
    const std::string key = std::string("/proc/sys/net/") + family + "/conf/node0/forwarding";
    write_text(key, "1");
    EXPECT_TRUE(wait_for(soon_ms, [&] { return chatter.arrives() && telemetry.mean_bytes() == 1000; }));
    const auto interface = interface_status();
    EXPECT_EQ(interface["treatment"], "pass-only");
    EXPECT_NE(interface["treatment_reason"].get<std::string>().find("forward"), std::string::npos);
    write_text(key, "0");
    EXPECT_TRUE(wait_for(soon_ms, [&] { return !chatter.arrives() && telemetry.mean_bytes() == 64; }));
    EXPECT_EQ(interface_status()["treatment"], "all");
  }
}

TEST_F(AgentTest, AnInterfaceComesAndGoes) {
  Agent agent(by_frequency, options);
  save_power();
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    lab.delete_veth();
    EXPECT_TRUE(wait_for(soon_ms, [] { return interface_status().value("hook", "") == "none"; }))
        << interface_status().dump(2);
    EXPECT_TRUE(agent.running());
    lab.add_veth();
    EXPECT_TRUE(wait_for(soon_ms, [] { return interface_status().value("hook", "") == "xdp-native"; }))
        << interface_status().dump(2) << Agent::log();
    const Stream chatter(lab, chatter_port, per_second), telemetry(lab, telemetry_port, per_second, 1000);
    EXPECT_TRUE(wait_for(soon_ms, [&] { return !chatter.arrives(); }));
    expect_power_saver(chatter, telemetry);
  }
}

TEST_F(AgentTest, CountersSurviveAKilledAgent) {
  const Stream chatter(lab, chatter_port, per_second);
  const auto chatter_packets = [] {
    const auto now = status();
    for (const auto& one : now["classes"])
      if (one["name"] == "chatter") return one["packets"].get<std::uint64_t>();
    return std::uint64_t{0};
  };
  Agent first(by_frequency, options);
  EXPECT_TRUE(wait_for(soon_ms, [&] { return chatter_packets() > 100; }));
  const std::uint64_t before = chatter_packets();
  const std::uint32_t id = xdp_program_on(node_if);
  first.kill();
  Agent second(by_frequency, options);
  EXPECT_GE(chatter_packets(), before);
  EXPECT_EQ(xdp_program_on(node_if), id) << "the same code was replaced";
}

}  // namespace
}  // namespace ebb::test
