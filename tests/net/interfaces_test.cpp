// SPDX-License-Identifier: GPL-2.0-or-later
// Which interfaces are attached, on which hook, and what the programs may do there, follows the machine.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "agent.hpp"
#include "base/file.hpp"
#include "dataplane/pins.hpp"
#include "follower.hpp"
#include "foreign.hpp"
#include "nft.hpp"
#include "stream.hpp"

namespace ebb::test {
namespace {

constexpr int soon_ms = 3000;
constexpr unsigned all_answers = EBB_IF_ARP | EBB_IF_ECHO4 | EBB_IF_ECHO6 | EBB_IF_ND;
constexpr unsigned per_second = 10000;
constexpr std::uint16_t counted_port = 20000;
// Packets that were counted before, and lay in the receiver's queue when the counting began: 2 ms of them.
constexpr std::uint64_t in_flight = 20;

class InterfacesTest : public testing::Test {
 protected:
  // Within some time, exactly these of the flags of `mask` stand for the interface.
  static bool becomes(const Follower& follower, unsigned mask, unsigned flags,
                      const char* interface = node_if) {
    return wait_for(soon_ms, [&] { return (follower.flags(interface).flags & mask) == flags; });
  }
  static bool attached(Follower& follower, const std::string& name) {
    return wait_for(soon_ms, [&] { return follower.find(name).attachment.hook != Hook::none; });
  }
  static bool released(Follower& follower, const std::string& name, int ms = soon_ms) {
    return wait_for(ms, [&] { return follower.find(name).ifindex == 0; });
  }
  static Status set(const std::string& key, const std::string& value) {
    return write_file("/proc/sys/net/" + key, value + "\n");
  }

  // So that answers may be given under XDP.
  void run_xdp_at_both_ends() {
    lab.in_neighbour([&] { neighbours_.attach_xdp(neighbour_if); });
  }
  Foreign neighbours_;

  // Packets that a program has looked at.
  static std::uint64_t seen(const Maps& maps) {
    const auto counters = maps.read_counters();
    return std::accumulate(counters.passed.begin(), counters.passed.end(), std::uint64_t{0});
  }

  Lab lab;
};

TEST_F(InterfacesTest, AGlobFollowsWhatComesAndGoes) {
  Follower follower({"node*", "wan0"});
  EXPECT_EQ(follower.find(node_if).pattern, "node*");
  EXPECT_EQ(follower.find("wan0").name, "wan0") << "an absent exact name is listed";
  EXPECT_EQ(follower.find("lo").name, "");
  lab.add_tcx_veth();
  ASSERT_TRUE(attached(follower, "node1"));
  EXPECT_EQ(follower.find("node1").attachment.hook, Hook::tcx);
  run("ip link del node1");
  EXPECT_TRUE(wait_for(soon_ms, [&] { return follower.find("node1").name.empty(); }));
  follower.configure({"wan0"});
  EXPECT_EQ(xdp_program_on(node_if), 0U);
}

TEST_F(InterfacesTest, ARenamedInterfaceStaysAttachedWhileItIsWanted) {
  lab.add_tcx_veth();
  Follower follower({"node*"});
  const Stream counted(lab, counted_port, per_second);
  ASSERT_TRUE(counted.arrives());
  const auto xdp = xdp_program_on(node_if), tcx = follower.find("node1").attachment.program_id;
  const std::uint64_t from = counted.sender->sent();
  run("ip link set node0 name node7 && ip link set node1 name node8");
  ASSERT_TRUE(wait_for(
      soon_ms, [&] { return follower.find("node7").ifindex != 0 && follower.find("node8").ifindex != 0; }));
  EXPECT_EQ(xdp_program_on("node7"), xdp);
  EXPECT_EQ(follower.find("node8").attachment.program_id, tcx);
  EXPECT_TRUE(follower.find("node0").name.empty());
  const std::uint64_t to = counted.sender->sent();
  sleep_ms(50);
  EXPECT_EQ(counted.receiver->missing(from, to), counted.receiver->unread());
  run("ip link set node7 name other0 && ip link set node8 name other1");
  EXPECT_TRUE(wait_for(soon_ms, [] { return !xdp_program_on("other0") && !tcx_programs_on("other1"); }));
}

TEST_F(InterfacesTest, ARenamedInterfaceIsNotWantedByItsOldName) {
  Follower follower({"node0"});
  ASSERT_NE(xdp_program_on(node_if), 0U);
  run("ip link set node0 name node7");
  EXPECT_TRUE(wait_for(soon_ms, [] { return xdp_program_on("node7") == 0; }));
  EXPECT_EQ(follower.find("node0").name, "node0");
  EXPECT_EQ(follower.find("node0").ifindex, 0);
  run("ip link set node7 name node0");
  EXPECT_TRUE(wait_for(soon_ms, [] { return xdp_program_on("node0") != 0; }));
}

TEST_F(InterfacesTest, AutoIsWhereTheDefaultRouteIs) {
  lab.add_tcx_veth();
  Follower follower({"auto"});
  EXPECT_EQ(xdp_program_on(node_if), 0U);
  run("ip route add default via 192.0.2.2");
  ASSERT_TRUE(attached(follower, node_if));
  EXPECT_EQ(follower.find(node_if).pattern, "auto");
  run("ip route del default");  // nowhere else is one: the network is down, and the route will be back
  sleep_ms(300);
  EXPECT_NE(xdp_program_on(node_if), 0U);
  run("ip route add default via 2001:db8:1::2");
  ASSERT_TRUE(attached(follower, "node1")) << "IPv6";
  EXPECT_TRUE(released(follower, node_if, 15000));
  EXPECT_EQ(xdp_program_on(node_if), 0U);
  follower.configure({});
  EXPECT_TRUE(wait_for(soon_ms, [] { return tcx_programs_on("node1") == 0; }));
}

TEST_F(InterfacesTest, RawIpIsJudgedOnTcx) {
  const Fd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  std::strcpy(request.ifr_name, "tun0");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (!tun || ioctl(tun.get(), TUNSETIFF, &request) != 0) GTEST_SKIP() << "no tun devices in this kernel";
  run("ip link set tun0 up && ip addr add 203.0.113.1/24 dev tun0");
  Follower follower({"tun*"});
  const auto one = follower.find("tun0");
  EXPECT_EQ(one.link_type, LinkType::ip);
  EXPECT_EQ(one.attachment.hook, Hook::tcx) << one.attachment.reason;
  EXPECT_EQ(follower.flags("tun0").flags & all_answers, 0U);
  EXPECT_EQ(follower.flags("tun0").flags & EBB_IF_TERMINAL, EBB_IF_TERMINAL);

  follower.maps().live().deadline = ~std::uint64_t{0};
  const auto before = follower.maps().read_counters();
  std::array<unsigned char, 48> packet{};  // IPv4, UDP to 203.0.113.1
  const std::array<unsigned char, 28> head = {0x45, 0, 0,   48, 0,   0, 0, 0, 64, 17, 0, 0,  203, 0,
                                              113,  9, 203, 0,  113, 1, 1, 1, 2,  2,  0, 28, 0,   0};
  std::copy(head.begin(), head.end(), packet.begin());
  unsigned sum = 0;
  for (unsigned i = 0; i < 20; i += 2) sum += static_cast<unsigned>(packet[i]) << 8 | packet[i + 1];
  sum = ~(sum + (sum >> 16));
  packet[10] = static_cast<unsigned char>(sum >> 8);
  packet[11] = static_cast<unsigned char>(sum);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(write(tun.get(), packet.data(), packet.size()), 48);
  const auto after = follower.maps().read_counters();
  EXPECT_GE(after.passed[EBB_R_UNCLASSIFIED] - before.passed[EBB_R_UNCLASSIFIED], 10U);
  EXPECT_EQ(after.passed[EBB_R_MALFORMED], before.passed[EBB_R_MALFORMED]);
}

TEST_F(InterfacesTest, AnswersAreWhatTheStackWouldAnswer) {
  run_xdp_at_both_ends();
  const Follower follower({node_if});
  EXPECT_TRUE(becomes(follower, all_answers | EBB_IF_ROUTER, all_answers));
  EXPECT_EQ(follower.flags(node_if).ifindex, static_cast<unsigned>(index_of(node_if)));
  EXPECT_TRUE(set("ipv4/conf/node0/arp_ignore", "8"));
  EXPECT_TRUE(becomes(follower, all_answers, all_answers & ~unsigned{EBB_IF_ARP}));
  EXPECT_TRUE(set("ipv4/conf/node0/arp_ignore", "0"));
  EXPECT_TRUE(set("ipv4/icmp_echo_ignore_all", "1"));
  EXPECT_TRUE(becomes(follower, all_answers, all_answers & ~unsigned{EBB_IF_ECHO4}));
  EXPECT_TRUE(set("ipv4/icmp_echo_ignore_all", "0"));
  EXPECT_TRUE(set("ipv6/conf/node0/forwarding", "1"));
  EXPECT_TRUE(becomes(follower, all_answers | EBB_IF_ROUTER | EBB_IF_TERMINAL | EBB_IF_SOCKETS,
                      all_answers | EBB_IF_ROUTER));
  EXPECT_TRUE(set("ipv6/conf/node0/forwarding", "0"));
  EXPECT_TRUE(
      becomes(follower, EBB_IF_ROUTER | EBB_IF_TERMINAL | EBB_IF_SOCKETS, EBB_IF_TERMINAL | EBB_IF_SOCKETS));
  run("ip link set node0 arp off");
  EXPECT_TRUE(becomes(follower, all_answers, EBB_IF_ECHO4 | EBB_IF_ECHO6));
}

TEST_F(InterfacesTest, APortOfABridgeIsNotOurs) {
  run_xdp_at_both_ends();
  Follower follower({node_if});
  EXPECT_TRUE(becomes(follower, EBB_IF_TERMINAL | all_answers, EBB_IF_TERMINAL | all_answers));
  run("ip link add br0 type bridge && ip link set node0 master br0");
  EXPECT_TRUE(becomes(follower, EBB_IF_TERMINAL | EBB_IF_SOCKETS | all_answers, 0));
  EXPECT_NE(follower.find(node_if).answers_off.find("br0"), std::string::npos);
  run("ip link set node0 nomaster");
  EXPECT_TRUE(becomes(follower, EBB_IF_TERMINAL | all_answers, EBB_IF_TERMINAL | all_answers));
}

// Nothing in this namespace shows it, but for the addresses that the device accepts.
TEST_F(InterfacesTest, AMacvlanInAnotherNamespaceLivesThere) {
  run_xdp_at_both_ends();
  Follower follower({node_if});
  run("ip netns add other && ip link add link node0 name mv0 type macvlan && ip link set mv0 netns other");
  run("ip -n other link set mv0 up");
  EXPECT_TRUE(becomes(follower, EBB_IF_TERMINAL | EBB_IF_SOCKETS | all_answers, 0));
  EXPECT_NE(follower.find(node_if).forwards.find("another network namespace"), std::string::npos);
  run("ip -n other link del mv0 && ip netns del other");
  EXPECT_TRUE(becomes(follower, EBB_IF_TERMINAL | all_answers, EBB_IF_TERMINAL | all_answers));
}

TEST_F(InterfacesTest, TranslatedAddressesHideSockets) {
  run_xdp_at_both_ends();
  Follower follower({node_if});
  EXPECT_TRUE(becomes(follower, EBB_IF_SOCKETS | all_answers, EBB_IF_SOCKETS | all_answers));
  if (!add_chain({.family = NFPROTO_IPV4, .type = "nat", .hook = NF_INET_PRE_ROUTING, .rule = false}))
    GTEST_SKIP() << "no nf_tables in this kernel";
  sleep_ms(300);
  EXPECT_TRUE(becomes(follower, EBB_IF_SOCKETS | all_answers, EBB_IF_SOCKETS | all_answers))
      << "without a rule";
  ASSERT_TRUE(add_chain({.family = NFPROTO_IPV4, .type = "nat", .hook = NF_INET_PRE_ROUTING, .rule = true}));
  EXPECT_TRUE(
      becomes(follower, EBB_IF_SOCKETS | EBB_IF_TERMINAL | all_answers, EBB_IF_TERMINAL | all_answers));
  EXPECT_EQ(follower.find(node_if).sockets_off, "nftables chain test nat0 translates addresses");
}

TEST_F(InterfacesTest, APacketFilterLeavesTheAnswersToTheStack) {
  run_xdp_at_both_ends();
  const Follower follower({node_if});
  EXPECT_TRUE(becomes(follower, all_answers, all_answers));
  if (!add_chain({.family = NFPROTO_IPV6, .type = "filter", .hook = NF_INET_LOCAL_IN, .rule = true}))
    GTEST_SKIP() << "no nf_tables in this kernel";
  EXPECT_TRUE(becomes(follower, EBB_IF_SOCKETS | all_answers, EBB_IF_SOCKETS | EBB_IF_ARP | EBB_IF_ECHO4));
  ASSERT_TRUE(add_chain({.family = NFPROTO_IPV4, .type = "filter", .hook = NF_INET_FORWARD, .rule = true}));
  sleep_ms(300);
  EXPECT_TRUE(becomes(follower, all_answers, EBB_IF_ARP | EBB_IF_ECHO4))
      << "forwarded packets are none of ours";
  ASSERT_TRUE(add_chain({.family = NFPROTO_IPV4, .type = "filter", .hook = NF_INET_LOCAL_IN, .rule = true}));
  EXPECT_TRUE(becomes(follower, all_answers, EBB_IF_ARP));
}

// The new code comes onto the interface while packets flow; there is no moment without a program, and none is
// lost.
TEST_F(InterfacesTest, CodeIsReplacedWithoutALoss) {
  const Stream counted(lab, counted_port, per_second);
  ASSERT_TRUE(counted.arrives());
  std::uint32_t id = 0;
  auto first = std::make_unique<Follower>(std::vector<std::string>{node_if});
  sleep_ms(50);
  const std::uint64_t from = counted.sender->sent(), unread = counted.receiver->unread();
  const std::uint64_t seen_before = seen(first->maps()), received_before = counted.receiver->received();
  for (int round = 0; round < 20; ++round) {
    first->maps().live().code = 0;  // as if another build had made it
    id = xdp_program_on(node_if);
    first = std::make_unique<Follower>(std::vector<std::string>{node_if});
    EXPECT_NE(xdp_program_on(node_if), id) << round;
    EXPECT_EQ(xdp_program_on(node_if), first->find(node_if).attachment.program_id) << round;
    sleep_ms(20);
  }
  const std::uint64_t to = counted.sender->sent();
  sleep_ms(100);
  const std::uint64_t received = counted.receiver->received() - received_before;
  EXPECT_GE(seen(first->maps()) - seen_before + in_flight, received) << "some passed while no program was there";
  EXPECT_GT(received, 1000U);
  EXPECT_EQ(counted.receiver->missing(from, to), counted.receiver->unread() - unread) << "of " << to - from;
}

TEST_F(InterfacesTest, ARestartedAgentWithOtherCodeLosesNothing) {
  const std::string config = "[agent]\ninterfaces = [\"node0\"]\ninterval = \"500ms\"\n";
  const Stream counted(lab, counted_port, per_second);
  ASSERT_TRUE(counted.arrives());
  auto agent = std::make_unique<Agent>(config);
  sleep_ms(50);
  const auto maps = std::move(*Maps::open(pin_folder()));
  const std::uint64_t seen_before = seen(maps), received_before = counted.receiver->received();
  const std::uint64_t from = counted.sender->sent(), unread = counted.receiver->unread();
  for (int round = 0; round < 3; ++round) {
    const std::uint32_t id = xdp_program_on(node_if);
    agent->kill();
    maps.live().code = 0;
    agent = std::make_unique<Agent>(config);
    EXPECT_NE(xdp_program_on(node_if), id) << round;
  }
  const std::uint64_t to = counted.sender->sent();
  sleep_ms(100);
  const std::uint64_t received = counted.receiver->received() - received_before;
  EXPECT_GE(seen(maps) - seen_before + in_flight, received) << "some passed while no program was there";
  EXPECT_EQ(counted.receiver->missing(from, to), counted.receiver->unread() - unread) << "of " << to - from;
}

// Without an XDP program at the other end of a veth the kernel loses what XDP sends back: then the stack must
// answer.
TEST_F(InterfacesTest, AnswersThatCannotArriveAreLeftToTheStack) {
  const auto all_answered = [&] {
    const auto said =
        lab.in_neighbour([&] { return answer_to(std::string("ping -q -c 20 -i 0.05 -W 1 ") + node_ipv4); });
    return said.text.find(" 0% packet loss") != std::string::npos;
  };
  const auto answering = [] { return interface_status().value("answers_reason", "") == ""; };
  const Agent agent(
      "[agent]\ninterfaces = [\"node0\"]\ninterval = \"300ms\"\nenforcement = \"enforce\"\n"
      "[[class]]\nname = \"requests\"\nmatch = [{ proto = \"icmp\" }]\ntreat = { balanced = \"answer\" }\n");
  for (const char* gro : {"off", "on"}) {
    lab.in_neighbour([&] { run(std::string("ethtool -K ") + neighbour_if + " gro " + gro); });
    EXPECT_TRUE(all_answered()) << "gro " << gro;
    EXPECT_FALSE(answering());
  }
  run_xdp_at_both_ends();
  EXPECT_TRUE(wait_for(soon_ms, answering));
  const std::uint64_t before = snmp("Icmp", "InEchos");
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(snmp("Icmp", "InEchos"), before) << "the hook answers now";
}

}  // namespace
}  // namespace ebb::test
