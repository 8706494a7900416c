// SPDX-License-Identifier: GPL-2.0-or-later
// The last rung: others hold native XDP and every place of tcx, so Ebb is a filter of a clsact qdisc. What
// stands on the interface is asked of tc(8).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <map>
#include <memory>
#include <numeric>

#include "agent.hpp"
#include "follower.hpp"
#include "foreign.hpp"
#include "stream.hpp"

namespace ebb::test {
namespace {

constexpr int soon_ms = 3000;
constexpr unsigned per_second = 10000;
constexpr unsigned datagrams = 500, pings = 20;
constexpr std::uint16_t plain_port = 20000, dropped_port = 20001, trimmed_port = 20002, steered_port = 20003;
constexpr std::uint64_t in_flight = 20;  // counted before, and read after the counting began: 2 ms of them

const std::string head =
    "[agent]\ninterfaces = [\"node0\"]\ninterval = \"300ms\"\nenforcement = \"enforce\"\n"
    "[state.balanced]\ncpus = \"0\"\n";
const std::string config = head + R"(
[[class]]
name = "dropped"
match = [{ proto = "udp", dport = [20001] }]
treat = { balanced = "drop" }
[[class]]
name = "trimmed"
match = [{ proto = "udp", dport = [20002] }]
treat = { balanced = "trim=64" }
[[class]]
name = "steered"
match = [{ proto = "udp", dport = [20003] }]
treat = { balanced = "steer" }
[[class]]
name = "requests"
match = [{ proto = "icmp" }]
treat = { balanced = "answer" }
)";

std::string qdiscs() { return answer_to("tc qdisc show dev node0 | grep clsact").text; }
std::string filters() {
  return answer_to("tc filter show dev node0 ingress; tc filter show dev node0 egress").text;
}
std::string own_filter(const char* interface = node_if) {
  return answer_to(std::string("tc filter show dev ") + interface + " ingress | grep ebb_tc_ingress").text;
}
void restore() { run("'" + program("agentctl") + "' restore"); }

class ClsactTest : public testing::Test {
 protected:
  ClsactTest() {
    foreign.attach_xdp(node_if);
    foreign.fill_tcx(node_if);
  }

  void send(std::uint16_t port) const {
    const auto node = traffic::endpoint(node_ipv4, port).value();
    const Fd to = std::move(traffic::udp_receiver_socket(node).value());  // else the stack refuses them
    const Fd from = lab.in_neighbour([&] { return std::move(traffic::udp_sender_socket(node).value()); });
    const std::string payload(200, 'x');
    for (unsigned i = 0; i < datagrams; ++i)
      ASSERT_EQ(::send(from.get(), payload.data(), payload.size(), 0), 200) << i;
  }

  // Number by number, what an agent does to the same packets.
  std::map<std::string, std::uint64_t> treat() {
    std::map<std::string, std::uint64_t> out;
    const Agent agent(config);
    out["hook is " + interface_status().value("hook", "")] = 1;
    std::map<std::uint16_t, std::uint64_t> behind;
    for (const auto port : {plain_port, dropped_port, trimmed_port, steered_port})
      behind[port] = foreign.seen(Place::behind, port);
    for (const auto port : {plain_port, dropped_port, trimmed_port, steered_port}) send(port);
    const std::uint64_t echos = snmp("Icmp", "InEchos");
    const auto said = lab.in_neighbour(
        [&] { return answer_to("ping -q -c " + std::to_string(pings) + " -i 0.02 -W 1 " + node_ipv4); });
    out["pings lost"] = said.text.find(" 0% packet loss") == std::string::npos;
    out["pings in the stack"] = snmp("Icmp", "InEchos") - echos;
    const Stream trimmed(lab, trimmed_port, 1000, 200), steered(lab, steered_port, 1000);
    out["bytes of a trimmed one"] = static_cast<std::uint64_t>(trimmed.mean_bytes());
    out["steered to CPU 0"] = steered.percent_on_cpu0() >= 90;
    for (const auto port : {plain_port, dropped_port})
      out["behind, " + std::to_string(port)] = foreign.seen(Place::behind, port) - behind[port];
    const auto now = status();
    for (const auto& one : now["classes"]) {
      const std::string name = one["name"];
      if (name == "dropped" || name == "requests")  // the others went on
        for (const char* what : {"packets", "bytes", "dropped", "trimmed", "steered", "answered"})
          out[name + ", " + what] = one[what];
      if (name == "trimmed") out["every one trimmed"] = one["trimmed"] == one["packets"];
      if (name == "steered") out["every one steered"] = one["steered"] == one["packets"];
    }
    return out;
  }

  Lab lab;
  Foreign foreign;
};

TEST_F(ClsactTest, TheSameTreatmentAsOnTcxAmongFiltersOfOthers) {
  run("tc qdisc add dev node0 clsact");
  for (const auto place : {Place::front, Place::behind, Place::egress}) foreign.attach_filter(node_if, place);
  const std::string found = filters();
  const std::uint64_t before = foreign.seen(Place::front, dropped_port);
  auto clsact = treat();
  EXPECT_EQ(foreign.seen(Place::front, dropped_port) - before, datagrams) << "in front of Ebb";
  EXPECT_EQ(clsact.erase("hook is clsact"), 1U);
  EXPECT_EQ(clsact["dropped, dropped"], datagrams);
  EXPECT_EQ(clsact["requests, answered"], pings);
  EXPECT_EQ(clsact["pings in the stack"], 0U);
  EXPECT_EQ(clsact["bytes of a trimmed one"], 64U);
  EXPECT_EQ(clsact["steered to CPU 0"], 1U);
  EXPECT_EQ(clsact["behind, 20000"], datagrams);
  EXPECT_EQ(clsact["behind, 20001"], 0U);
  EXPECT_EQ(filters(), found);

  foreign.empty_tcx();
  auto tcx = treat();
  EXPECT_EQ(tcx.erase("hook is tcx"), 1U);
  EXPECT_EQ(clsact, tcx);
  EXPECT_EQ(filters(), found);
}

TEST_F(ClsactTest, TheReasonStandsInTheStatus) {
  const Agent agent(head);
  const auto interface = interface_status();
  EXPECT_EQ(interface["hook"], "clsact");
  const auto reason = interface["hook_reason"].get<std::string>();
  EXPECT_NE(reason.find("foreign_xdp"), std::string::npos) << reason;
  EXPECT_NE(reason.find("no tcx: others have taken all its places"), std::string::npos) << reason;
  EXPECT_NE(own_filter().find(" id " + interface["program_id"].dump() + " "), std::string::npos)
      << own_filter();
}

TEST_F(ClsactTest, AQdiscOfOthersStays) {
  for (const char* kind : {"clsact", "ingress"}) {
    SCOPED_TRACE(kind);
    run(std::string("tc qdisc add dev node0 ") + kind);
    const std::string found = run("tc qdisc show dev node0");
    Agent agent(head);
    EXPECT_NE(own_filter(), "");
    EXPECT_EQ(agent.stop(), 0) << Agent::log();
    EXPECT_EQ(run("tc qdisc show dev node0"), found);
    EXPECT_EQ(filters(), "");
    run(std::string("tc qdisc del dev node0 ") + kind);
  }
}

TEST_F(ClsactTest, TheOwnQdiscStaysWithWhoeverUsesIt) {
  for (const auto place : {Place::front, Place::behind, Place::egress}) {
    Agent agent(head);
    foreign.attach_filter(node_if, place);
    EXPECT_EQ(agent.stop(), 0) << Agent::log();
    EXPECT_EQ(own_filter(), "");
    EXPECT_NE(filters().find("foreign_"), std::string::npos) << filters();
    foreign.detach_filter(node_if, place);
    run("tc qdisc del dev node0 clsact");
    Agent(head).stop();
    EXPECT_EQ(qdiscs(), "") << "nobody uses it";
  }
}

TEST_F(ClsactTest, AFilterInItsPlaceIsNotReplaced) {
  run("tc qdisc add dev node0 clsact && tc filter add dev node0 ingress prio 3771 protocol ip u32 match u32 "
      "0 0");
  const std::string found = filters();
  Agent agent(head, "", false);
  EXPECT_TRUE(wait_for(soon_ms, [] { return interface_status().value("hook", "") == "none"; }));
  EXPECT_NE(interface_status().value("hook_reason", "").find("no clsact: another filter"), std::string::npos);
  EXPECT_EQ(filters(), found);
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(filters(), found);
}

TEST_F(ClsactTest, AKilledAgentIsAdoptedOrRestored) {
  const Stream dropped(lab, dropped_port, per_second);
  auto agent = std::make_unique<Agent>(config);
  EXPECT_FALSE(dropped.arrives());
  const std::string filter = own_filter();
  for (int round = 0; round < 3; ++round) {
    agent->kill();
    EXPECT_TRUE(dropped.arrives()) << "inert";
    EXPECT_EQ(own_filter(), filter);
    agent = std::make_unique<Agent>(config);
    EXPECT_FALSE(dropped.arrives());
    EXPECT_EQ(own_filter(), filter) << "the same code was replaced";
  }
  agent->kill();
  restore();
  EXPECT_EQ(filters(), "");
  EXPECT_EQ(qdiscs(), "");
}

TEST_F(ClsactTest, RestoreLeavesTheFiltersOfOthers) {
  run("tc qdisc add dev node0 clsact");
  foreign.attach_filter(node_if, Place::behind);
  const std::string found = filters();
  Agent agent(head);
  agent.kill();
  restore();
  EXPECT_EQ(filters(), found);
}

// The new code comes into the filter while packets flow: each is seen by one program.
TEST_F(ClsactTest, CodeIsReplacedWithoutAGap) {
  const Stream counted(lab, plain_port, per_second);
  ASSERT_TRUE(counted.arrives());
  auto follower = std::make_unique<Follower>(std::vector<std::string>{node_if});
  const auto seen = [&] {
    const auto counters = follower->maps().read_counters();
    return std::accumulate(counters.passed.begin(), counters.passed.end(), std::uint64_t{0});
  };
  sleep_ms(50);
  const std::uint64_t from = counted.sender->sent(), unread = counted.receiver->unread();
  const std::uint64_t seen_before = seen(), received_before = counted.receiver->received();
  for (int round = 0; round < 20; ++round) {
    follower->maps().live().code = 0;  // as if another build had made it
    const std::string before = own_filter();
    follower = std::make_unique<Follower>(std::vector<std::string>{node_if});
    EXPECT_NE(own_filter(), before) << round;
    EXPECT_NE(own_filter().find(" id " + std::to_string(follower->find(node_if).attachment.program_id) + " "),
              std::string::npos);
  }
  const std::uint64_t to = counted.sender->sent();
  sleep_ms(100);
  const std::uint64_t received = counted.receiver->received() - received_before;
  const std::uint64_t seen_now = seen() - seen_before;
  EXPECT_GE(seen_now + in_flight, received) << "some passed while no program was there";
  EXPECT_GT(received, 1000U);
  EXPECT_EQ(counted.receiver->missing(from, to), counted.receiver->unread() - unread) << "of " << to - from;
}

TEST_F(ClsactTest, ABetterHookIsTakenAtTheNextStart) {
  const auto hook = [] { return interface_status().value("hook", ""); };
  auto agent = std::make_unique<Agent>(head);
  EXPECT_EQ(hook(), "clsact");
  agent->kill();
  foreign.empty_tcx();
  agent = std::make_unique<Agent>(head);
  EXPECT_EQ(hook(), "tcx");
  EXPECT_EQ(filters() + qdiscs(), "");
  agent->stop();
  foreign.fill_tcx(node_if);
  agent = std::make_unique<Agent>(head);
  EXPECT_EQ(hook(), "clsact");
  agent->kill();
  foreign.detach_xdp(node_if);
  agent = std::make_unique<Agent>(head);
  EXPECT_EQ(hook(), "xdp-native");
  EXPECT_EQ(filters() + qdiscs(), "");
}

TEST_F(ClsactTest, WhatSomebodyRemovedComesBack) {
  const Stream dropped(lab, dropped_port, per_second);
  const Agent agent(config);
  for (const char* command : {"tc qdisc del dev node0 clsact", "tc filter del dev node0 ingress"}) {
    SCOPED_TRACE(command);
    run(command);
    EXPECT_TRUE(wait_for(soon_ms, [] { return !own_filter().empty(); }));
    EXPECT_FALSE(dropped.arrives());
    EXPECT_NE(own_filter().find(" id " + interface_status()["program_id"].dump() + " "), std::string::npos);
  }
}

TEST_F(ClsactTest, ItFollowsNamesAndLeavesWhatIsNotWanted) {
  Follower follower({"node*"});
  const std::string filter = own_filter();
  ASSERT_NE(filter, "");
  run("ip link set node0 name node7");
  ASSERT_TRUE(wait_for(soon_ms, [&] { return follower.find("node7").ifindex != 0; }));
  EXPECT_EQ(own_filter("node7"), filter);
  run("ip link set node7 name other0");
  EXPECT_TRUE(wait_for(soon_ms, [] { return own_filter("other0").empty(); }));
  run("ip link set other0 name node0");
  EXPECT_TRUE(wait_for(soon_ms, [] { return !own_filter().empty(); }));
  foreign.detach_xdp(node_if);
  lab.delete_veth();
  EXPECT_TRUE(wait_for(soon_ms, [&] { return follower.find(node_if).name.empty(); }));
}

// An agent of before worked on an interface that the configuration no longer names.
TEST_F(ClsactTest, AnInterfaceOfBeforeIsGivenBack) {
  {
    Agent(head).kill();
  }
  EXPECT_NE(own_filter(), "");
  const Follower follower({"wan0"});
  EXPECT_EQ(filters() + qdiscs(), "");
}

}  // namespace
}  // namespace ebb::test
