// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: DSCP, VLAN, TCP flags, destination, listener and service; limits and answers.
#include <utility>

#include "table.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t port_dscp = 7300, port_vlan = 7301, port_flags = 7302, port_to = 7303,
                        port_service = 7320, port_limit = 7330, port_limit_trim = 7331,
                        port_limit_drop = 7332;
const std::string us4 = "192.0.2.77", us6 = "2001:db8:77::7", peer4 = "192.0.2.9", peer6 = "2001:db8:77::9";
const std::string group6 = "ff02::1:ff00:7";  // solicited-node address of us6

Rule on(std::uint16_t port) {
  Rule r;
  r.dport = {{port, port}};
  return r;
}

Prefix host(const std::string& text) {
  const bool ipv6 = text.find(':') != std::string::npos;
  return {ipv6, address(text), static_cast<std::uint8_t>(ipv6 ? 128 : 32)};
}

Situation answering() {
  Situation now = usual();
  now.iface |= EBB_IF_ARP | EBB_IF_ECHO4 | EBB_IF_ECHO6 | EBB_IF_ND;
  now.addresses = {{false, address(us4)}, {true, address(us6)}};
  return now;
}

Packet arp(std::uint8_t operation, Mac sender_mac, const std::string& sender, Mac target_mac,
           const std::string& target) {
  Bytes body = {0, 1, 8, 0, 6, 4, 0, operation};
  const auto add = [&](const auto& bytes, std::size_t size) {
    body.insert(body.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  };
  add(sender_mac, 6), add(address(sender), 4), add(target_mac, 6), add(address(target), 4);
  return Packet().ethertype(0x0806).data(body).payload(18);
}

Bytes with_option(const std::string& target, Bytes option) {
  const Address a = address(target);
  option.insert(option.begin(), a.begin(), a.end());
  return option;
}

Packet solicitation(const std::string& from, const std::string& to, const std::string& target = us6) {
  return Packet().ipv6(from, to).hops(255).icmp(135, 0, 0).data(
      with_option(target, {1, 1, 2, 0, 0, 0, 0, 2}));
}

Packet reply() { return Packet().to(mac_peer).from(mac_us); }

Packet echo4() { return Packet().ipv4(peer4, us4).icmp(8).payload(56); }
Packet echo6() { return Packet().ipv6(peer6, us6).icmp(128).payload(56); }

void add_answers(std::vector<Row>& rows) {
  const Situation now = answering();
  const auto answers = [&](std::string name, const Packet& ask, const Packet& back, const char* c,
                           Situation s) {
    rows.push_back({name, ask.bytes(), s, c, EBB_ANSWER, -1, Action::answer, back.bytes()});
    s.enforcement = Enforcement::observe;
    rows.push_back({name + ", observed", ask.bytes(), s, c, EBB_ANSWER, -1, Action::pass, ask.bytes()});
  };
  const auto to_stack = [&](std::string name, const Packet& p, const char* c, ebb_reason r,
                            const Situation& s) {
    rows.push_back(passes(std::move(name), p.bytes(), c, r, s));
  };
  const Packet ask_arp = arp(1, mac_peer, peer4, {}, us4);
  Packet back_arp = arp(2, mac_us, us4, mac_peer, peer4).to(mac_peer).from(mac_us);
  answers("arp request", ask_arp, back_arp, "arp", now);
  answers("broadcast arp request", Packet(ask_arp).to(mac_broadcast), back_arp, "arp", now);
  const auto no_arp = [&](std::string name, const Packet& p) {
    to_stack("no answer: " + name, p, "arp", EBB_R_ARP, now);
  };
  no_arp("arp probe", arp(1, mac_peer, "0.0.0.0", {}, us4).to(mac_broadcast));
  no_arp("arp announcement of our address", arp(1, mac_peer, us4, {}, us4).to(mac_broadcast));
  no_arp("arp reply", arp(2, mac_peer, peer4, mac_us, us4));
  no_arp("arp for another address", arp(1, mac_peer, peer4, {}, "192.0.2.78"));
  no_arp("arp to another mac", Packet(ask_arp).to(mac_us_too));
  no_arp("arp with another sender than the frame", arp(1, mac_us_too, peer4, {}, us4));
  no_arp("tagged arp", Packet(ask_arp).vlan(3));
  no_arp("priority tagged arp", Packet(ask_arp).vlan(0));

  answers("echo request", echo4(), reply().ipv4(us4, peer4).icmp(0).payload(56), "answers", now);
  answers("padded echo request", echo4().payload(3).pad(15),
          reply().ipv4(us4, peer4).icmp(0).payload(3).pad(15), "answers", now);
  answers("echo request with dscp and don't-fragment", echo4().dscp(46).hops(7).fragment(0x4000, false),
          reply().ipv4(us4, peer4).dscp(46).icmp(0).payload(56), "answers", now);
  answers("ipv6 echo request", echo6(), reply().ipv6(us6, peer6).icmp(129).payload(56), "answers", now);
  answers("ipv6 echo request with dscp", echo6().dscp(10).hops(1),
          reply().ipv6(us6, peer6).dscp(10).icmp(129).payload(56), "answers", now);
  const auto no_echo = [&](std::string name, const Packet& p, const Situation& s) {
    to_stack("no answer: " + name, p, "answers", EBB_R_UNANSWERABLE, s);
  };
  no_echo("echo with options", echo4().options(4), now);
  no_echo("echo with a code", Packet().ipv4(peer4, us4).icmp(8, 1), now);
  no_echo("echo fragment", echo4().fragment(0, true), now);
  no_echo("echo from nobody", Packet().ipv4("0.0.0.0", us4).icmp(8), now);
  no_echo("echo from loopback", Packet().ipv4("127.0.0.1", us4).icmp(8), now);
  no_echo("echo from ourselves", Packet().ipv4(us4, us4).icmp(8), now);
  no_echo("echo from a group", Packet().ipv4("224.0.0.1", us4).icmp(8), now);
  no_echo("echo by broadcast", echo4().to(mac_broadcast), now);
  no_echo("echo to another mac", echo4().to(mac_us_too), now);
  no_echo("echo reply", Packet().ipv4(peer4, us4).icmp(0), now);
  no_echo("ipv6 echo by multicast", echo6().to(mac_multicast), now);
  no_echo("ipv6 echo behind an extension header", echo6().extension(60), now);
  no_echo("ipv6 echo from nobody", Packet().ipv6("::", us6).icmp(128), now);
  no_echo("ipv6 echo fragment", echo6().fragment(0, true), now);
  no_echo("tagged echo", echo6().vlan(9), now);

  const auto advertisement = [&](std::uint32_t flags, bool named) {
    Bytes option = {2, 1};
    option.insert(option.end(), mac_us.begin(), mac_us.end());
    return reply()
        .ipv6(us6, peer6)
        .hops(255)
        .icmp(136, 0, flags)
        .data(with_option(us6, named ? option : Bytes{}));
  };
  const Mac group_mac{0x33, 0x33, 0xff, 0, 0, 7};
  answers("neighbour solicitation to the group", solicitation(peer6, group6).to(group_mac),
          advertisement(0x60000000, true), "answers", now);
  answers("neighbour solicitation to us alone", solicitation(peer6, us6).pad(6),
          advertisement(0x40000000, false), "answers", now);
  Situation router = now;
  router.iface |= EBB_IF_ROUTER;
  answers("neighbour solicitation to a router", solicitation(peer6, group6).to(group_mac),
          advertisement(0xe0000000, true), "answers", router);
  const auto no_nd = [&](std::string name, const Packet& p) {
    to_stack("no answer: " + name, p, "answers", EBB_R_NEIGHBOUR, now);
  };
  no_nd("duplicate address detection",
        Packet().to(group_mac).ipv6("::", group6).hops(255).icmp(135, 0, 0).data(with_option(us6, {})));
  no_nd("solicitation from afar", solicitation(peer6, group6).to(group_mac).hops(64));
  no_nd("solicitation without a link address",
        Packet().ipv6(peer6, us6).hops(255).icmp(135, 0, 0).data(with_option(us6, {})));
  no_nd("solicitation with a nonce",
        Packet()
            .to(group_mac)
            .ipv6(peer6, group6)
            .hops(255)
            .icmp(135, 0, 0)
            .data(with_option(us6, {1, 1, 2, 0, 0, 0, 0, 2, 14, 1, 1, 2, 3, 4, 5, 6})));
  no_nd("solicitation of another address", solicitation(peer6, group6, "2001:db8:76::7").to(group_mac));
  no_nd("advertisement of our address", Packet()
                                            .ipv6(peer6, us6)
                                            .hops(255)
                                            .icmp(136, 0, 0x20000000u)
                                            .data(with_option(us6, {2, 1, 2, 0, 0, 0, 0, 2})));
  Bytes corrupt = solicitation(peer6, us6).bytes();
  corrupt[56] ^= 1;
  rows.push_back(
      passes("no answer: solicitation with a wrong checksum", corrupt, "answers", EBB_R_NEIGHBOUR, now));

  // A wrong checksum stays wrong by as much: the asker refuses the reply.
  for (const bool ipv6 : {false, true}) {
    Bytes ask = (ipv6 ? echo6() : echo4()).bytes();
    Bytes back =
        (ipv6 ? reply().ipv6(us6, peer6).icmp(129) : reply().ipv4(us4, peer4).icmp(0)).payload(56).bytes();
    const std::size_t at = ipv6 ? 56 : 36;
    for (Bytes* b : {&ask, &back})
      put16(*b, at, static_cast<std::uint16_t>((get16(*b, at) + 0x1234) % 65535));
    rows.push_back({std::string("corrupt echo, ") + (ipv6 ? "ipv6" : "ipv4"), ask, now, "answers", EBB_ANSWER,
                    -1, Action::answer, back});
  }

  const std::pair<const char*, void (*)(Situation&)> refusals[] = {
      {"no address", [](Situation& s) { s.addresses.clear(); }},
      {"a tentative address",
       [](Situation& s) {
         for (auto& a : s.addresses) a.answer = false;
       }},
      {"an address of another interface",
       [](Situation& s) {
         for (auto& a : s.addresses) a.here = false;
       }},
      {"the stack is silent", [](Situation& s) { s.iface = EBB_IF_TERMINAL; }}};
  for (const auto& [why, change] : refusals) {
    Situation s = now;
    change(s);
    const std::string name = std::string(", ") + why;
    to_stack("no answer: arp" + name, ask_arp, "arp", EBB_R_ARP, s);
    no_echo("echo" + name, echo4(), s);
    no_echo("ipv6 echo" + name, echo6(), s);
    to_stack("no answer: solicitation" + name, solicitation(peer6, us6), "answers", EBB_R_NEIGHBOUR, s);
  }
  Situation inert = now;
  inert.inert = true;
  rows.push_back(passes("echo while inert", echo4().bytes(), "", EBB_R_INERT, inert));
}

void add_limits(std::vector<Row>& rows) {
  Situation above = usual(), observe, forwarding;
  above.above_rate = true;
  observe = forwarding = above;
  observe.enforcement = Enforcement::observe;
  forwarding.iface = EBB_IF_STEER;
  const auto packet = [](std::uint16_t port) { return Packet().ipv4().udp(1, port).payload(200); };
  const auto limited = [&](std::string name, const Bytes& frame, const char* c, Situation s) {
    const bool enforced = s.enforcement == Enforcement::enforce;
    rows.push_back({std::move(name), frame, std::move(s), c, EBB_LIMIT, -1,
                    enforced ? Action::drop : Action::pass, enforced ? Bytes{} : frame});
  };
  const Bytes frame = packet(port_limit).bytes();
  rows.push_back(passes("below its limit", frame, "limit", EBB_R_TREATMENT));
  limited("above its limit", frame, "limit", above);
  limited("above its limit, observed", frame, "limit", observe);
  rows.push_back(passes("above its limit, forwarding", frame, "limit", EBB_R_FORWARDS, forwarding));
  rows.push_back(trims("below its limit, then trimmed", packet(port_limit_trim).bytes(),
                       packet(port_limit_trim).payload(trim_to).bytes(), "limit-trim"));
  limited("above its limit, so not trimmed", packet(port_limit_trim).bytes(), "limit-trim", above);
  rows.push_back(
      drops("below its limit, dropped all the same", packet(port_limit_drop).bytes(), "limit-drop"));
  limited("above its limit before it is dropped", packet(port_limit_drop).bytes(), "limit-drop", above);
  rows.push_back(passes("protected, above its limit", Packet().ipv4().tcp(1, port_limit, fin | ack).bytes(),
                        "limit", EBB_R_TCP_CONTROL, above));
  Situation both = answering();
  const auto echo = echo4().dscp(8).bytes();
  rows.push_back({"echo below its limit", echo, both, "limited-answers", EBB_ANSWER, -1, Action::answer,
                  reply().ipv4(us4, peer4).dscp(8).icmp(0).payload(56).bytes()});
  both.above_rate = true;
  limited("echo above its limit", echo, "limited-answers", both);
  rows.push_back(
      {"solicitation above its limit", solicitation(peer6, us6).dscp(8).bytes(), both, "limited-answers",
       EBB_ANSWER, -1, Action::answer,
       reply().ipv6(us6, peer6).hops(255).icmp(136, 0, 0x40000000).data(with_option(us6, {})).bytes()});
}

void add_listeners(std::vector<Row>& rows) {
  Situation known = usual();
  known.iface |= EBB_IF_SOCKETS;
  const auto nobody = [&](std::string name, const Packet& p) {
    rows.push_back(drops(name + " that nobody wants", p.bytes(), "unwanted", known));
    rows.push_back(passes(name + ", sockets not known", p.bytes(), "-", EBB_R_UNCLASSIFIED));
    rows.push_back(passes(name + " that nobody wants, tagged", Packet(p).vlan(3).bytes(), "-",
                          EBB_R_UNCLASSIFIED, known));
  };
  const auto wanted = [&](std::string name, const Packet& p) {
    rows.push_back(passes(name + " that a socket wants", p.bytes(), "-", EBB_R_UNCLASSIFIED, known));
  };
  const auto four = [] { return Packet().ipv4(); };
  const auto six = [] { return Packet().ipv6(); };
  nobody("udp", four().udp(1, port_unwanted));
  nobody("udp over ipv6", six().udp(1, port_unwanted));
  nobody("tcp", four().tcp(1, port_unwanted));
  nobody("tcp over ipv6", six().tcp(1, port_unwanted));
  nobody("tcp to udp's port", four().tcp(1, port_unwanted + 1));
  nobody("udp to tcp's port", six().udp(1, port_unwanted + 2));
  wanted("udp", four().udp(1, port_unwanted + 1));
  wanted("udp over ipv6", six().udp(1, port_unwanted + 1));
  wanted("tcp", four().tcp(1, port_unwanted + 2));
  wanted("tcp over ipv6", six().tcp(1, port_unwanted + 2));
  rows.push_back(passes("sctp has no listener", Packet().ipv4("192.0.2.1", "192.0.2.79").proto(132).payload(20).bytes(), "-",
                        EBB_R_UNCLASSIFIED, known));
  rows.push_back(passes("a fragment has no listener", four().udp(1, port_unwanted).fragment(0, true).bytes(),
                        "-", EBB_R_UNCLASSIFIED, known));

  // A connection request keeps its protection unless nobody listens and a drop would hit it.
  for (const bool ipv6 : {false, true}) {
    const Packet base = ipv6 ? six() : four();
    const std::string family = ipv6 ? ", ipv6" : "";
    const auto to = [&](std::uint16_t port, std::uint8_t flags = syn) {
      return Packet(base).tcp(1, port, flags);
    };
    rows.push_back(drops("syn that nobody wants" + family, to(port_unwanted).bytes(), "unwanted", known));
    rows.push_back(drops("syn to a closed port" + family, to(port_drop).bytes(), "drop", known));
    rows.push_back(
        passes("syn where sockets are not known" + family, to(port_drop).bytes(), "drop", EBB_R_TCP_CONTROL));
    rows.push_back(passes("tagged syn to a closed port" + family, to(port_drop).vlan(3).bytes(), "drop",
                          EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn to a closed port that is only trimmed" + family,
                          to(port_padding).pad(6).bytes(), "padding", EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn that a socket wants" + family, to(port_unwanted + 2).bytes(), "-",
                          EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn to a closed management port" + family, to(22).bytes(), "guarded",
                          EBB_R_TCP_CONTROL, known));
    for (const std::uint8_t flags : Bytes{syn | ack, fin | ack, rst, syn | rst, syn | fin})
      rows.push_back(passes("no request: flags " + std::to_string(flags) + family,
                            to(port_drop, flags).bytes(), "drop", EBB_R_TCP_CONTROL, known));
  }
}

}  // namespace

void add_field_classes(Config& config) {
  const auto add = [&](std::string name, std::vector<Rule> rules, Treatment treat) {
    TrafficClass c;
    c.name = std::move(name);
    c.match = std::move(rules);
    c.treat.fill(treat);
    config.classes.push_back(std::move(c));
  };
  const Treatment drop{.drop = true};
  Rule r = on(port_dscp);
  r.dscp = {{46, 46}, {8, 15}};
  add("dscp", {r}, drop);
  r = on(port_vlan);
  r.vlan = {{10, 10}, {20, 30}, {4094, 4094}};
  Rule lldp;
  lldp.ethertype = {{0x88cc, 0x88cc}};
  lldp.vlan = {{11, 11}};
  add("vlan", {r, lldp}, drop);
  r = on(port_flags);
  r.tcp_flags = {{psh | ack, ack}, {0xc0, 0xc0}};
  add("flags", {r}, drop);
  r = on(port_to);
  r.to = {Destination::us};
  add("to-us", {r}, drop);
  r.to = {Destination::forwarded};
  add("forwarded", {r}, {.steer = true});
  r = {};
  r.dport = {{port_unwanted, port_unwanted + 5}};
  r.no_listener = true;
  Rule dst = {};
  dst.no_listener = true;
  dst.dst = {host("192.0.2.79")};
  add("unwanted", {r, dst}, drop);
  r = {};
  r.owner = {{false, "one.service"}, {true, "/user.slice/two"}};
  r.dport = {{port_service, port_service + 9}};
  add("service", {r}, drop);
  add("limit", {on(port_limit)}, {.limit = 100});
  add("limit-trim", {on(port_limit_trim)}, {.trim = trim_to, .limit = 1});
  add("limit-drop", {on(port_limit_drop)}, {.drop = true, .limit = 1});
  r = {};
  r.proto = {1, 58};
  r.dst = {host(us4), host(us6), host(group6)};
  r.dscp = {{8, 8}};
  add("limited-answers", {r}, {.answer = true, .limit = 5});
  r.dscp.clear();
  add("answers", {r}, {.answer = true});
}

void add_fields(std::vector<Row>& rows) {
  const auto pass = [&](std::string name, const Packet& p, const char* c = "-",
                        ebb_reason reason = EBB_R_UNCLASSIFIED, Situation now = usual()) {
    rows.push_back(passes(std::move(name), p.bytes(), c, reason, std::move(now)));
  };
  const auto drop = [&](std::string name, const Packet& p, const char* c, Situation now = usual()) {
    rows.push_back(drops(std::move(name), p.bytes(), c, std::move(now)));
  };
  for (const bool ipv6 : {false, true}) {
    const Packet base = ipv6 ? Packet().ipv6() : Packet().ipv4();
    const std::string family = ipv6 ? ", ipv6" : "";
    const auto udp = [&](std::uint16_t port) { return Packet(base).udp(1, port).payload(20); };
    for (const std::uint8_t value : Bytes{46, 8, 15})
      drop("dscp " + std::to_string(value) + family, udp(port_dscp).dscp(value), "dscp");
    for (const std::uint8_t value : Bytes{0, 7, 16, 45, 47, 63})
      pass("dscp " + std::to_string(value) + family, udp(port_dscp).dscp(value));
    for (const std::uint16_t id : std::vector<std::uint16_t>{10, 20, 30, 4094, 0xe00a, 0x1014})
      drop("vlan tci " + std::to_string(id) + family, udp(port_vlan).vlan(id), "vlan");
    for (const std::uint16_t id : std::vector<std::uint16_t>{9, 11, 19, 31, 4093, 4095, 0, 0xe000})
      pass("vlan tci " + std::to_string(id) + family, udp(port_vlan).vlan(id));
    pass("no vlan" + family, udp(port_vlan));
    drop("the outer vlan counts" + family, udp(port_vlan).vlan(25, 0x88a8).vlan(1), "vlan");
    pass("the inner vlan does not count" + family, udp(port_vlan).vlan(1, 0x88a8).vlan(25));
    pass("nor behind a priority tag" + family, udp(port_vlan).vlan(0).vlan(25));

    const auto tcp = [&](std::uint8_t flags) { return Packet(base).tcp(1, port_flags, flags); };
    drop("tcp flags ack" + family, tcp(ack), "flags");
    drop("tcp flags ack urg" + family, tcp(ack | urg), "flags");
    drop("tcp flags ece cwr" + family, tcp(0xc0), "flags");
    drop("tcp flags ece cwr psh" + family, tcp(0xc8), "flags");
    pass("tcp flags ack psh" + family, tcp(ack | psh));
    pass("tcp flags ece" + family, tcp(0x40));
    pass("tcp flags ack syn" + family, tcp(ack | syn), "flags", EBB_R_TCP_CONTROL);
    pass("udp has no tcp flags" + family, udp(port_flags));

    Situation now = usual();
    now.macs = {mac_us, mac_us_too};
    now.addresses = {{ipv6, address(ipv6 ? "2001:db8:7::7" : "198.51.100.7"), false, false}};
    drop("to us" + family, udp(port_to), "to-us", now);
    drop("to us by another interface's mac" + family, udp(port_to).to(mac_us_too), "to-us", now);
    drop("to us, tagged" + family, udp(port_to).vlan(7), "to-us", now);
    pass("our address by somebody's mac" + family, udp(port_to).to(mac_peer), "-", EBB_R_UNCLASSIFIED, now);
    Situation nobody = now;
    nobody.addresses.clear();
    rows.push_back({"forwarded" + family, udp(port_to).bytes(), nobody, "forwarded", EBB_STEER, -1,
                    Action::redirect, udp(port_to).bytes()});
    pass("neither ours" + family, udp(port_to).to(mac_peer), "-", EBB_R_UNCLASSIFIED, nobody);

    Situation services = usual();
    services.iface |= EBB_IF_SOCKETS;
    const auto at = [](unsigned n) { return static_cast<std::uint16_t>(port_service + n); };
    services.owners = {{{false, at(0)}, "/system.slice/one.service"},
                       {{false, at(1)}, "/user.slice/two/three"},
                       {{false, at(2)}, "/user.slice/twofold"},
                       {{false, at(3)}, "/system.slice/none.service"},
                       {{true, at(4)}, "/user.slice/two"}};
    drop("of a service" + family, udp(at(0)), "service", services);
    drop("of a cgroup below" + family, udp(at(1)), "service", services);
    drop("of a cgroup, tcp" + family, Packet(base).tcp(1, at(4)), "service", services);
    pass("of a cgroup with a longer name" + family, udp(at(2)), "-", EBB_R_UNCLASSIFIED, services);
    pass("of another service" + family, udp(at(3)), "-", EBB_R_UNCLASSIFIED, services);
    pass("udp to a service's tcp port" + family, udp(at(4)), "-", EBB_R_UNCLASSIFIED, services);
    pass("of nobody" + family, udp(at(5)), "-", EBB_R_UNCLASSIFIED, services);
    pass("a fragment's service is not known" + family, udp(at(0)).fragment(0, true), "-", EBB_R_UNCLASSIFIED,
         services);
    Situation doubt = services;
    doubt.owners_known = false;
    pass("of a service in doubt" + family, udp(at(0)), "-", EBB_R_UNCLASSIFIED, doubt);
    doubt = services;
    doubt.iface = EBB_IF_TERMINAL;
    pass("of a service, sockets not known" + family, udp(at(0)), "-", EBB_R_UNCLASSIFIED, doubt);
  }
  pass("lldp in a vlan that a rule names", Packet().vlan(11).ethertype(0x88cc).payload(46), "vlan",
       EBB_R_ETHERTYPE);
  pass("lldp in another vlan", Packet().vlan(12).ethertype(0x88cc).payload(46), "lldp", EBB_R_ETHERTYPE);
  add_listeners(rows);
  add_limits(rows);
  add_answers(rows);
}

}  // namespace ebb::test
