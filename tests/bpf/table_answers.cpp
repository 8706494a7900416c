// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: limits and answers.
#include <utility>

#include "table.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t port_limit = 7330, port_limit_trim = 7331, port_limit_drop = 7332;
const std::string us4 = "192.0.2.77", us6 = "2001:db8:77::7", peer4 = "192.0.2.9", peer6 = "2001:db8:77::9";
const std::string group6 = "ff02::1:ff00:7";  // solicited-node address of us6

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

}  // namespace

void add_answer_classes(Config& config) {
  const auto add = [&](std::string name, std::vector<Rule> rules, Treatment treat) {
    config.classes.push_back(treated(std::move(name), std::move(rules), treat));
  };
  Rule r;
  add("limit", {on(port_limit)}, {.limit = 100});
  add("limit-trim", {on(port_limit_trim)}, {.trim = trim_to, .limit = 1});
  add("limit-drop", {on(port_limit_drop)}, {.drop = true, .limit = 1});
  r.proto = {1, 58};
  r.dst = {host(us4), host(us6), host(group6)};
  r.dscp = {{8, 8}};
  add("limited-answers", {r}, {.answer = true, .limit = 5});
  r.dscp.clear();
  add("answers", {r}, {.answer = true});
}

void add_limits_and_answers(std::vector<Row>& rows) {
  add_limits(rows);
  add_answers(rows);
}

}  // namespace ebb::test
