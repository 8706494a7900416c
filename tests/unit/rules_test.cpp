// SPDX-License-Identifier: GPL-2.0-or-later
// `match`: every field, and rules that no packet can match.
#include "config_support.hpp"

namespace ebb::test {
namespace {

TEST(Config, RulesOfEveryField) {
  EXPECT_EQ(good_rule(R"(ethertype = ["ipv4", "ipv6", "arp", 0x88cc])").ethertype,
            (Ranges{{0x0800, 0x0800}, {0x86dd, 0x86dd}, {0x0806, 0x0806}, {0x88cc, 0x88cc}}));
  EXPECT_EQ(good_rule(R"(proto = ["tcp","udp","icmp","icmpv6","igmp","sctp","gre","esp","ah",0,255])").proto,
            (std::vector<std::uint8_t>{6, 17, 1, 58, 2, 132, 47, 50, 51, 0, 255}));
  EXPECT_EQ(good_rule(R"(sport = 0)").sport, (Ranges{{0, 0}}));
  EXPECT_EQ(good_rule(R"(sport = ["80", " 1 - 65535 "], dport = "7-7")").sport,
            (Ranges{{80, 80}, {1, 65535}}));
  EXPECT_EQ(good_rule(R"(delivery = "broadcast")").delivery, std::vector<Delivery>{Delivery::broadcast});
  EXPECT_EQ(good_rule(R"(delivery = ["unicast", "multicast"])").delivery,
            (std::vector<Delivery>{Delivery::unicast, Delivery::multicast}));
  EXPECT_EQ(good_rule(R"(length = [1500, "64-128", "< 100", "> 1000", "> 65534", "< 65536"])").length,
            (Ranges{{1500, 1500}, {64, 128}, {0, 99}, {1001, 65535}, {65535, 65535}, {0, 65535}}));
  EXPECT_EQ(good_rule(R"(dscp = ["ef", 46, "8-15", "0", "cs0", "le"])").dscp,
            (Ranges{{46, 46}, {46, 46}, {8, 15}, {0, 0}, {0, 0}, {1, 1}}));
  EXPECT_EQ(good_rule(R"(vlan = [10, "20-30", 1, 4094])").vlan,
            (Ranges{{10, 10}, {20, 30}, {1, 1}, {4094, 4094}}));
  EXPECT_EQ(good_rule(R"(tcp_flags = ["syn,!ack", " ! fin , cwr "])").tcp_flags,
            (std::vector<TcpFlags>{{0x12, 0x02}, {0x81, 0x80}}));
  EXPECT_EQ(good_rule(R"(to = "us")").to, std::vector<Destination>{Destination::us});
  EXPECT_EQ(good_rule(R"(to = ["forwarded", "us"])").to,
            (std::vector<Destination>{Destination::forwarded, Destination::us}));
  EXPECT_TRUE(good_rule(R"(listener = "none")").no_listener);
  EXPECT_FALSE(good_rule("").no_listener);
  EXPECT_EQ(good_rule(R"(service = ["mosquitto.service", 'a\x2db@1.scope'])").owner,
            (std::vector<Owner>{{false, "mosquitto.service"}, {false, "a\\x2db@1.scope"}}));
  EXPECT_EQ(good_rule(R"(cgroup = "/system.slice/x")").owner,
            (std::vector<Owner>{{true, "/system.slice/x"}}));
  EXPECT_EQ(good_rule("").where, "t:5:10");
}

// RFC 2474 (cs), 2597 (af), 3246 (ef), 5865 (va), 8622 (le).
TEST(Config, NamesOfDscp) {
  std::vector<std::pair<std::string, std::uint16_t>> rows = {{"ef", 46}, {"va", 44}, {"le", 1}};
  for (std::uint16_t i = 0; i < 8; ++i) rows.emplace_back("cs" + std::to_string(i), i * 8);
  for (std::uint16_t i = 1; i <= 4; ++i)
    for (std::uint16_t j = 1; j <= 3; ++j)
      rows.emplace_back("af" + std::to_string(i) + std::to_string(j), i * 8 + j * 2);
  for (const auto& [name, number] : rows)
    EXPECT_EQ(good_rule("dscp = \"" + name + "\"").dscp, (Ranges{{number, number}})) << name;
}

TEST(Config, NamesOfTcpFlags) {  // RFC 9293
  const std::pair<const char*, std::uint8_t> rows[] = {{"fin", 1},  {"syn", 2},  {"rst", 4},  {"psh", 8},
                                                       {"ack", 16}, {"urg", 32}, {"ece", 64}, {"cwr", 128}};
  for (const auto& [name, bit] : rows) {
    const std::string text(name);
    EXPECT_EQ(good_rule("tcp_flags = \"" + text + "\"").tcp_flags, (std::vector<TcpFlags>{{bit, bit}}))
        << name;
    EXPECT_EQ(good_rule("tcp_flags = \"!" + text + "\"").tcp_flags, (std::vector<TcpFlags>{{bit, 0}}))
        << name;
  }
}

TEST(Config, Prefixes) {
  EXPECT_EQ(good_rule(R"(src = "192.0.2.1")").src, std::vector<Prefix>{prefix(false, {192, 0, 2, 1}, 32)});
  EXPECT_EQ(good_rule(R"(src = "192.0.2.128/25")").src,
            std::vector<Prefix>{prefix(false, {192, 0, 2, 128}, 25)});
  EXPECT_EQ(good_rule(R"(src = "0.0.0.0/0")").src, std::vector<Prefix>{prefix(false, {}, 0)});
  EXPECT_EQ(good_rule(R"(dst = ["2001:db8::/33", "::1", "10.0.0.0/8"])").dst,
            (std::vector<Prefix>{prefix(true, {0x20, 0x01, 0x0d, 0xb8}, 33),
                                 prefix(true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128),
                                 prefix(false, {10}, 8)}));
}

TEST(Config, OddRulesThatMatchSomething) {
  good_rule(R"(proto = "icmp", ethertype = "ipv6")");
  good_rule(R"(proto = ["tcp", "icmp"], dport = 80)");
  good_rule(R"(ethertype = ["arp", "ipv4"], proto = "tcp")");
  good_rule(R"(ethertype = "arp", delivery = "broadcast")");
  good_rule(R"(src = ["10.0.0.0/8", "2001:db8::/32"], dst = "::1")");
  good_rule(R"(length = "20-39", src = "10.0.0.1")");
  good_rule(R"(proto = ["tcp", "udp"], tcp_flags = "syn")");
  good_rule(R"(proto = ["udp", "icmp"], listener = "none")");
  good_rule(R"(delivery = ["unicast", "multicast"], to = "us")");
  good_rule(R"(to = ["us", "forwarded"], service = "a.service")");
  good_rule(R"(ethertype = "arp", vlan = 7)");
}

TEST(ConfigErrors, Rules) {
  const std::string nothing = "t:5:10: no packet can match this rule";
  for (const Bad& row : {
           Bad{"dports = 1", "t:5:12: unknown key \"dports\"", "did you mean \"dport\""},
           Bad{"proto = \"upd\"", "t:5:20: expected one of tcp, udp", "did you mean \"udp\""},
           Bad{"proto = 256", "expected an IP protocol from 0 to 255, found 256", ""},
           Bad{"proto = -1", "found -1", ""},
           Bad{"proto = []", "expected at least one value", ""},
           Bad{"proto = [\"udp\", 1.5]", "t:5:28: expected one of", ""},
           Bad{"ethertype = \"ip\"", "expected one of ipv4, ipv6, arp, or a number like 0x88cc", "ipv4"},
           Bad{"ethertype = 0x5ff", "expected an ethertype from 0x0600 to 0xffff, found 1535", ""},
           Bad{"ethertype = 0x10000", "expected an ethertype", ""},
           Bad{"dport = 65536", "expected a port from 0 to 65535", ""},
           Bad{"dport = -1", "expected a port", ""},
           Bad{"dport = \"80-\"", "expected a port", ""},
           Bad{"dport = \"80-90-100\"", "expected a port", ""},
           Bad{"dport = \"65536\"", "expected a port", ""},
           Bad{"dport = \"+80\"", "expected a port", ""},
           Bad{"dport = \"http\"", "expected a port", ""},
           Bad{"dport = \"< 80\"", "expected a port", ""},
           Bad{"dport = \"90-80\"", "the range \"90-80\" is empty", "\"80-90\""},
           Bad{"dport = [[80]]", "expected a port", ""},
           Bad{"sport = {}", "found a table", ""},
           Bad{"length = \"<= 80\"", "expected a length", ""},
           Bad{"length = \"< 0\"", "is no length at all", "0 to 65535"},
           Bad{"length = \"> 65535\"", "is no length at all", ""},
           Bad{"length = 65536", "expected a length", ""},
           Bad{"delivery = \"anycast\"", "expected one of unicast, multicast, broadcast", "unicast"},
           Bad{"delivery = 1", "expected one of unicast, multicast, broadcast, found 1", ""},
           Bad{"src = \"192.0.2.1/24\"", "address bits behind its length", "did you mean \"192.0.2.0/24\""},
           Bad{"src = \"128.0.0.0/0\"", "address bits", "\"0.0.0.0/0\""},
           Bad{"dst = [\"2001:db8::1/127\"]", "t:5:19: \"2001:db8::1/127\" has", "\"2001:db8::/127\""},
           Bad{"src = \"192.0.2.0/33\"", "expected an address or prefix", ""},
           Bad{"src = \"::/129\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.0/\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.0/+8\"", "expected an address or prefix", ""},
           Bad{"src = \"10/8\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.1\\u0000\"", "expected an address or prefix", ""},
           Bad{"src = \"fe80::1%eth0\"", "expected an address or prefix", ""},
           Bad{"src = \"example.org\"", "expected an address or prefix", ""},
           Bad{"src = 10", "expected an address or prefix", ""},
           Bad{"dscp = 64", "expected a DSCP: a name such as \"ef\", a number from 0 to 63", ""},
           Bad{"dscp = -1", "found -1", ""},
           Bad{"dscp = \"0-64\"", "expected a DSCP", ""},
           Bad{"dscp = \"15-8\"", "the range \"15-8\" is empty", "\"8-15\""},
           Bad{"dscp = \"af44\"", "t:5:19: expected a DSCP", "did you mean \"af4"},
           Bad{"dscp = \"\"", "expected a DSCP", ""},
           Bad{"dscp = true", "expected a DSCP", ""},
           Bad{"vlan = 0", "t:5:19: expected a VLAN id from 1 to 4094 or a range such as \"20-30\", found 0",
               ""},
           Bad{"vlan = 4095", "expected a VLAN id", ""},
           Bad{"vlan = \"0-10\"", "expected a VLAN id", ""},
           Bad{"vlan = \"10-4095\"", "expected a VLAN id", ""},
           Bad{"vlan = \"30-20\"", "the range \"30-20\" is empty", "\"20-30\""},
           Bad{"vlan = \"< 5\"", "expected a VLAN id", ""},
           Bad{"tcp_flags = \"sym\"", "t:5:24: expected TCP flags such as \"syn,!ack\"",
               "did you mean \"syn\""},
           Bad{"tcp_flags = \"\"", "expected TCP flags", "allowed: fin, syn"},
           Bad{"tcp_flags = \"syn,\"", "expected TCP flags", ""},
           Bad{"tcp_flags = \"syn ack\"", "expected TCP flags", ""},
           Bad{"tcp_flags = \"!!syn\"", "expected TCP flags", ""},
           Bad{"tcp_flags = 2", "expected TCP flags", ""},
           Bad{"tcp_flags = \"syn,!syn\"", "names syn twice", "once"},
           Bad{"to = \"me\"", "t:5:17: expected one of us, forwarded, found \"me\"", "us"},
           Bad{"to = true", "expected one of us, forwarded", ""},
           Bad{"listener = \"no\"", "expected one of none, found \"no\"", "did you mean \"none\""},
           Bad{"listener = false", "expected one of none, found false", ""},
           Bad{"listen = \"none\"", "unknown key \"listen\"", "did you mean \"listener\""},
           Bad{"service = \"mosquitto\"", "t:5:22: expected the name of a systemd unit",
               "did you mean \"mosquitto.service\"?"},
           Bad{"service = \"/system.slice/a.service\"", "expected the name of a systemd unit", "cgroup"},
           Bad{"service = \"a b.service\"", "expected the name of a systemd unit", ""},
           Bad{"service = \"" + std::string(250, 'a') + ".service\"", "expected the name", ""},
           Bad{"service = \"\"", "expected the name of a systemd unit", ""},
           Bad{"service = 1", "expected the name of a systemd unit", ""},
           Bad{"cgroup = \"system.slice\"", "t:5:21: expected the path of a control group",
               "/proc/PID/cgroup"},
           Bad{"cgroup = \"/\"", "expected the path of a control group", "every process"},
           Bad{"cgroup = \"/a/\"", "expected the path", ""},
           Bad{"cgroup = \"/a//b\"", "expected the path", ""},
           Bad{"cgroup = \"/a/../b\"", "expected the path", ""},
           Bad{"cgroup = \"/a/.\"", "expected the path", ""},
           Bad{"cgroup = \"/a b\"", "expected the path", ""},
           Bad{"cgroup = \"/" + std::string(4095, 'a') + "\"", "expected the path", ""},
           Bad{"cgroup = 1", "expected the path", ""},
           Bad{"service = \"a.service\", cgroup = \"/b\"", "t:5:10: service and cgroup stand in one rule",
               "two rules"},
           Bad{"proto = \"udp\", tcp_flags = \"syn\"", nothing + ": only TCP has TCP flags", "exclude"},
           Bad{"proto = \"icmp\", listener = \"none\"",
               nothing + ": only TCP and UDP have listeners and services", ""},
           Bad{"proto = \"icmp\", service = \"a.service\"", nothing + ": only TCP and UDP have", ""},
           Bad{"ethertype = \"arp\", to = \"us\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = \"arp\", dscp = 1", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = \"arp\", tcp_flags = \"syn\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = \"arp\", listener = \"none\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = \"arp\", cgroup = \"/a\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"delivery = [\"multicast\", \"broadcast\"], to = \"us\"",
               nothing + ": multicast and broadcast are neither", ""},
           Bad{"to = \"forwarded\", service = \"a.service\"",
               nothing + ": a forwarded packet goes to no service", ""},
           Bad{"proto = \"icmp\", dport = 80", nothing, "exclude"},
           Bad{"proto = [\"icmp\", \"sctp\"], sport = 80", nothing + ": ports are read in TCP and UDP only",
               ""},
           Bad{"ethertype = \"arp\", proto = \"udp\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = 0x88cc, dport = 1", nothing, ""},
           Bad{"ethertype = \"arp\", length = 100", nothing, ""},
           Bad{"ethertype = \"arp\", src = \"10.0.0.1\"", nothing, ""},
           Bad{"ethertype = \"ipv4\", src = \"::1\"", nothing + ": the addresses and the ethertype", ""},
           Bad{"ethertype = [\"arp\", \"ipv6\"], dst = \"10.0.0.1\"", nothing, ""},
           Bad{"src = \"10.0.0.1\", dst = [\"::1\", \"::2\"]",
               nothing + ": src and dst have no address family", ""},
           Bad{"length = \"< 20\"", nothing + ": an IPv4 packet is at least 20 bytes long", ""},
           Bad{"length = [39, 20], src = \"::1\"", nothing + ": an IPv6 packet is at least 40", ""},
       })
    expect_bad({agent + "[[class]]\nname = \"c\"\nmatch = [{ " + row.text + " }]\n", row.what, row.hint});
}

}  // namespace
}  // namespace ebb::test
