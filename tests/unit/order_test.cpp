// SPDX-License-Identifier: GPL-2.0-or-later
// Rules that no packet reaches, because an earlier one takes everything.
#include <random>

#include "config_support.hpp"
#include "support/reference.hpp"

namespace ebb::test {
namespace {

std::string two_classes(const std::string& first, const std::string& second) {
  return agent + "[[class]]\nname = \"wide\"\nmatch = [{ " + first + " }]\n" +
         "[[class]]\nname = \"narrow\"\nmatch = [{ " + second + " }]\n";
}

struct Pair {
  const char *first, *second;
};

TEST(ConfigOrder, UnreachableRules) {
  for (const Pair& row : {
           Pair{"", ""},
           Pair{"", R"(proto = "udp")"},
           Pair{R"(proto = "udp")", R"(proto = "udp", dport = 53)"},
           Pair{R"(proto = ["tcp", "udp"])", R"(dport = 53)"},
           Pair{R"(proto = "udp", dport = 53)", R"(proto = ["udp", "icmp"], dport = 53)"},
           Pair{R"(dport = ["101-200", "1-100", 50])", R"(dport = "50-150")"},
           Pair{R"(sport = "0-65535")", R"(dport = 53)"},
           Pair{R"(dport = "0-65535")", R"(sport = 53)"},
           Pair{R"(ethertype = "ipv4")", R"(src = "10.0.0.1")"},
           Pair{R"(ethertype = "ipv6")", R"(dst = "::1", proto = "udp")"},
           Pair{R"(ethertype = "ipv6")", R"(src = ["10.0.0.1", "::1"], dst = "::2")"},
           Pair{R"(ethertype = ["ipv6", "ipv4"])", R"(proto = "udp")"},
           Pair{R"(ethertype = ["arp", "ipv4"])", R"(ethertype = "arp")"},
           Pair{R"(src = "10.0.0.0/8")", R"(src = ["10.1.0.0/16", "10.2.0.1"])"},
           Pair{R"(src = ["10.0.0.0/9", "10.192.0.0/10", "10.128.0.0/10"])", R"(src = "10.0.0.0/8")"},
           Pair{R"(dst = ["2001:db8::/33", "2001:db8:8000::/33"])", R"(dst = "2001:db8::/32")"},
           Pair{R"(src = ["::/0", "0.0.0.0/0"])", R"(proto = 17)"},
           Pair{R"(src = "0.0.0.0/0")", R"(ethertype = "ipv4")"},
           Pair{R"(length = "< 101")", R"(length = ["64-100", 40])"},
           Pair{R"(length = "> 19")", R"(proto = "udp")"},
           Pair{R"(length = "> 39")", R"(ethertype = "ipv6")"},
           Pair{R"(length = "20-50")", R"(length = "0-50")"},
           Pair{R"(delivery = ["unicast", "multicast", "broadcast"])", ""},
           Pair{R"(delivery = "unicast")", R"(to = "us")"},
           Pair{R"(dscp = "0-63")", R"(proto = 6)"},
           Pair{R"(dscp = ["8-15", "ef"])", R"(dscp = ["cs1", 46])"},
           Pair{R"(vlan = "1-10")", R"(vlan = [5, "2-3"])"},
           Pair{R"(tcp_flags = "syn")", R"(tcp_flags = "syn,!ack")"},
           Pair{R"(tcp_flags = ["syn", "!syn"])", R"(tcp_flags = "ack")"},
           Pair{R"(tcp_flags = ["syn", "!syn"])", R"(proto = "tcp", dport = 80)"},
           Pair{R"(tcp_flags = ["syn", "ack"])", R"(tcp_flags = ["ack,fin", "syn,!rst"])"},
           Pair{R"(proto = "tcp")", R"(tcp_flags = "syn")"},
           Pair{R"(to = ["us", "forwarded"])", R"(to = "forwarded")"},
           Pair{R"(listener = "none")", R"(listener = "none", dport = 53)"},
           Pair{R"(proto = ["udp", "tcp"])", R"(listener = "none")"},
           Pair{R"(service = ["b.service", "a.service"])", R"(service = "a.service")"},
           Pair{R"(dport = "0-65535")", R"(service = "a.service")"},
           Pair{R"(cgroup = "/a")", R"(cgroup = ["/a/b.service", "/a"])"},
       })
    expect_bad({two_classes(row.first, row.second),
                "t:8:10: no packet reaches this rule: the one at t:5:10 in class \"wide\" accepts all",
                "put class \"narrow\" before \"wide\""});
}

TEST(ConfigOrder, RulesThatSomethingReaches) {
  for (const Pair& row : {
           Pair{R"(dport = "0-65535")", ""},
           Pair{R"(dport = "0-65535")", R"(proto = "udp")"},  // fragments have no ports
           Pair{R"(proto = "udp")", R"(dport = 53)"},
           Pair{R"(proto = "udp")", ""},
           Pair{R"(dport = "1-100")", R"(dport = "50-101")"},
           Pair{R"(dport = ["1-99", "101-200"])", R"(dport = "50-150")"},
           Pair{R"(dport = "1-100")", R"(sport = "1-100")"},
           Pair{R"(dport = "1-100")", R"(sport = "1-65535")"},
           Pair{R"(ethertype = "ipv4")", R"(proto = "udp")"},
           Pair{R"(ethertype = ["ipv4", "ipv6"])", ""},
           Pair{R"(ethertype = ["ipv4", "ipv6"])", R"(ethertype = ["ipv4", "arp"])"},
           Pair{R"(src = "10.0.0.0/9")", R"(src = "10.0.0.0/8")"},
           Pair{R"(src = ["10.0.0.0/9", "10.128.0.0/10"])", R"(src = "10.0.0.0/8")"},
           Pair{R"(src = "10.0.0.0/8")", R"(src = "11.0.0.0/9")"},
           Pair{R"(src = "::/0")", R"(src = "10.0.0.0/8")"},
           Pair{R"(src = "0.0.0.0/0")", R"(proto = "udp")"},
           Pair{R"(src = ["0.0.0.0/0", "::/0"])", ""},
           Pair{R"(src = "10.0.0.0/8")", R"(dst = "10.0.0.0/8")"},
           Pair{R"(length = "> 20")", R"(ethertype = "ipv4")"},
           Pair{R"(length = "> 40")", R"(ethertype = "ipv6")"},
           Pair{R"(length = "> 39")", R"(proto = "udp")"},
           Pair{R"(length = "0-65535")", ""},
           Pair{R"(delivery = ["unicast", "multicast"])", ""},
           Pair{R"(delivery = "unicast")", R"(delivery = ["unicast", "broadcast"])"},
           Pair{R"(to = ["us", "forwarded"])", R"(delivery = "unicast")"},  // and to other MAC addresses
           Pair{R"(to = "us")", R"(to = ["us", "forwarded"])"},
           Pair{R"(dscp = "0-62")", R"(proto = "udp")"},
           Pair{R"(dscp = "0-63")", ""},
           Pair{R"(vlan = "1-4094")", ""},
           Pair{R"(vlan = "1-10")", R"(vlan = "1-11")"},
           Pair{R"(tcp_flags = ["syn", "!syn"])", R"(proto = "tcp")"},  // fragments
           Pair{R"(tcp_flags = ["syn", "!syn"])", R"(dport = 80)"},     // UDP
           Pair{R"(tcp_flags = "syn,!ack")", R"(tcp_flags = "syn")"},
           Pair{R"(proto = "udp")", R"(tcp_flags = "syn")"},
           Pair{R"(listener = "none")", R"(dport = 53)"},
           Pair{R"(service = "a.service")", R"(service = ["a.service", "b.service"])"},
           Pair{R"(service = "a.service")", R"(dport = 53)"},
           Pair{R"(service = "a.service")", R"(cgroup = "/system.slice/a.service")"},
           Pair{R"(cgroup = "/a")", R"(cgroup = "/ab")"},
           Pair{R"(cgroup = "/a/b")", R"(cgroup = "/a")"},
       })
    good(two_classes(row.first, row.second));
}

TEST(ConfigOrder, WithinOneClass) {
  expect_bad({agent + "[[class]]\nname = \"c\"\nmatch = [{ proto = \"tcp\" }, { dport = 53 }, { proto = "
                      "\"udp\", dport = 53 }]\n",
              "t:5:45: no packet reaches this rule: the one at t:5:29 in the same class accepts all",
              "remove this rule"});
}

// Two rules that only together accept everything are not looked for: each accepts something that the other
// does not.
TEST(ConfigOrder, OneRuleHasToAcceptAll) {
  good(agent +
       "[[class]]\nname = \"c\"\nmatch = [{ dport = \"0-99\" }, { dport = \"100-65535\" }, { dport = "
       "\"50-150\" }]\n");
}

// More rules than the policy has bits are refused when it is compiled; only the first 64 are compared.
TEST(ConfigOrder, OfMoreRulesThanFit) {
  std::string rules;
  for (int i = 0; i < 64; ++i) rules += "{ dport = " + std::to_string(i) + " }, ";
  good(agent + "[[class]]\nname = \"c\"\nmatch = [" + rules + "{ dport = 0 }]\n");
  rules.erase(0, rules.find(',') + 2);
  expect_bad(
      {agent + "[[class]]\nname = \"c\"\nmatch = [" + rules + "{ dport = 1 }]\n", "no packet reaches", ""});
}

// Rules and packets from pools so small that they meet.
class Pools {
 public:
  explicit Pools(unsigned seed) : random_(seed) {}

  Rule rule() {
    static const std::vector<Range16> ethertypes = {{0x0800, 0x0800}, {0x86dd, 0x86dd}, {0x0806, 0x0806}};
    static const std::vector<Prefix> prefixes = {
        prefix(false, {}, 0), prefix(false, {}, 1), prefix(false, {128}, 1), prefix(false, {128}, 2),
        prefix(true, {}, 0),  prefix(true, {}, 1),  prefix(true, {128}, 1)};
    Rule r;
    some(r.ethertype, ethertypes);
    some(r.proto, {6, 17, 1});
    some(r.sport, {{0, 65535}, {53, 53}, {0, 80}, {54, 65535}});
    some(r.dport, {{0, 65535}, {53, 53}, {0, 80}, {81, 65535}});
    some(r.src, prefixes);
    some(r.dst, prefixes);
    some(r.delivery, {Delivery::unicast, Delivery::multicast, Delivery::broadcast});
    some(r.length, {{20, 65535}, {40, 65535}, {0, 39}, {0, 19}});
    some(r.dscp, {{0, 31}, {32, 63}, {0, 63}});
    some(r.vlan, {{1, 4094}, {7, 7}});
    some(r.tcp_flags, {{2, 2}, {2, 0}, {18, 2}});
    some(r.to, {Destination::us, Destination::forwarded});
    r.no_listener = below(8) == 0;
    if (below(2)) some(r.owner, {{false, "a.service"}, {false, "b.service"}});
    if (r.owner.empty()) some(r.owner, {{true, "/a"}, {true, "/a/a.service"}});
    return r;
  }

  Fields packet() {
    Fields f;
    f.ethertype = pick<std::uint16_t>({0x0800, 0x86dd, 0x0806, 0x88cc});
    f.vlan = pick<std::uint16_t>({0, 7, 8});
    f.delivery = static_cast<Delivery>(below(3));
    f.ipv6 = f.ethertype == 0x86dd;
    f.ip = f.ipv6 || f.ethertype == 0x0800;
    if (!f.ip) return f;
    f.proto = pick<std::uint8_t>({6, 17, 1, 99});
    f.length = pick<std::uint16_t>({40, 41, 1500});
    if (!f.ipv6 && below(2)) f.length = pick<std::uint16_t>({20, 39});
    f.dscp = pick<std::uint8_t>({0, 31, 32, 63});
    f.src[0] = pick<std::uint8_t>({0, 128, 192});
    f.dst[0] = pick<std::uint8_t>({0, 128, 192});
    if (f.delivery == Delivery::unicast && below(3)) f.to = static_cast<Destination>(1 + below(2));
    f.ports = (f.proto == 6 || f.proto == 17) && below(4);  // else a fragment
    if (!f.ports) return f;
    f.tcp = f.proto == 6;
    if (f.tcp) f.tcp_flags = pick<std::uint8_t>({0, 2, 16, 18});
    f.sport = pick<std::uint16_t>({0, 53, 54, 80, 81, 65535});
    f.dport = pick<std::uint16_t>({0, 53, 54, 80, 81, 65535});
    if (below(3)) f.listener = below(2) == 1;
    f.owner = pick<std::string>({"", "/a/a.service", "/a/b.service", "/b/a.service", "/a"});
    return f;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  template <typename T>
  T pick(const std::vector<T>& pool) {
    return pool[below(static_cast<unsigned>(pool.size()))];
  }
  template <typename T>
  void some(std::vector<T>& list, const std::vector<T>& pool) {
    for (unsigned n = below(4) ? 0 : 1 + below(3); n > 0; --n) list.push_back(pick(pool));
  }
  std::mt19937 random_;
};

// A rule that is refused as unreachable matches no packet that the first one does not match; one that is let
// through has such a packet, unless the pools are too coarse to show it.
TEST(ConfigOrder, AgreesWithThePlainReference) {
  Pools pools(20261122);
  std::vector<Fields> packets;
  for (int i = 0; i < 20'000; ++i) packets.push_back(pools.packet());
  unsigned refused = 0, let_through = 0, shown = 0;
  for (int i = 0; i < 6000; ++i) {
    Config config;
    config.interfaces = {"eth0"};
    for (const char* name : {"a", "b"}) {
      TrafficClass c;
      c.name = name;
      c.match = {pools.rule()};
      config.classes.push_back(c);
    }
    const Rule &first = config.classes[0].match[0], &second = config.classes[1].match[0];
    const auto parsed = parse_config(render_config(config), "t");
    if (!parsed && parsed.error().what.find("no packet reaches this rule") == std::string::npos) continue;
    const auto reaches = [&](const Fields& f) { return matches(second, f) && !matches(first, f); };
    const bool reached = std::any_of(packets.begin(), packets.end(), reaches);
    ASSERT_FALSE(!parsed && reached) << render_config(config);
    refused += !parsed;
    let_through += parsed.has_value();
    shown += reached;
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(shown * 100, let_through * 99) << shown << " of " << let_through;
}

}  // namespace
}  // namespace ebb::test
