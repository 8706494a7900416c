// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: traffic that no configuration can drop or trim, and its neighbours that it can.
#include <algorithm>
#include <utility>

#include "table.hpp"

namespace ebb::test {

void add_protected(std::vector<Row>& rows) {
  const auto pass = [&](std::string name, const Packet& p, const char* c, ebb_reason reason) {
    rows.push_back(passes(std::move(name), p.bytes(), c, reason));
  };
  const auto drop = [&](std::string name, const Packet& p, const char* c) {
    rows.push_back(drops(std::move(name), p.bytes(), c));
  };
  const auto steer = [&](std::string name, const Packet& p, const char* c) {
    rows.push_back({std::move(name), p.bytes(), usual(), c, EBB_STEER, -1, Action::redirect, p.bytes()});
  };

  pass("arp in a class that is dropped", Packet().arp(), "arp", EBB_R_ARP);
  pass("tagged arp", Packet().vlan(3).arp(), "arp", EBB_R_ARP);
  pass("arp broadcast", Packet().to(mac_broadcast).arp(), "arp", EBB_R_ARP);
  pass("lldp in a class that is dropped", Packet().ethertype(0x88cc).payload(60), "lldp", EBB_R_ETHERTYPE);
  for (const unsigned type : {0x888eu, 0x8809u, 0x88f7u, 0x0800u - 1, 0x0027u, 0xffffu, 0u})
    pass("ethertype " + std::to_string(type),
         Packet().ethertype(static_cast<std::uint16_t>(type)).payload(60), "-", EBB_R_ETHERTYPE);
  pass("other ethertype, by its delivery", Packet().to(mac_multicast).ethertype(0x888e).payload(4),
       "multicast", EBB_R_ETHERTYPE);
  steer("other ethertype, steered by its delivery", Packet().to(mac_broadcast).ethertype(0x9000).payload(4),
        "chatter");
  pass("frame of 14 bytes", Packet().ethertype(0x9000), "-", EBB_R_ETHERTYPE);

  constexpr unsigned errors4[] = {3, 4, 5, 9, 10, 11, 12}, errors6[] = {1, 2, 3, 4};
  constexpr unsigned mld[] = {130, 131, 132, 143, 151, 152, 153},
                     nd[] = {133, 134, 135, 136, 137, 141, 142, 148, 149};
  const auto in = [](const auto& list, unsigned type) {
    return std::find(std::begin(list), std::end(list), type) != std::end(list);
  };
  for (unsigned type = 0; type < 256; ++type) {
    const Packet v4 = Packet().ipv4().icmp(static_cast<std::uint8_t>(type)).payload(20);
    const Packet v6 = Packet().ipv6().icmp(static_cast<std::uint8_t>(type)).payload(20);
    const std::string number = std::to_string(type);
    if (in(errors4, type))
      pass("icmp type " + number, v4, "control", EBB_R_ICMP_ERROR);
    else if (type < 20)
      drop("icmp type " + number, v4, "control");
    if (in(errors6, type))
      pass("icmpv6 type " + number, v6, "control", EBB_R_ICMP_ERROR);
    else if (in(mld, type))
      pass("icmpv6 type " + number, v6, "control", EBB_R_MULTICAST_CTL);
    else if (in(nd, type))
      pass("icmpv6 type " + number, v6, "control", EBB_R_NEIGHBOUR);
    else if (type < 8 || (type >= 126 && type < 160))
      drop("icmpv6 type " + number, v6, "control");
  }
  pass("mld behind a hop-by-hop header", Packet().ipv6().extension(0).icmp(143).payload(20), "control",
       EBB_R_MULTICAST_CTL);
  pass("neighbour solicitation by multicast",
       Packet().to({0x33, 0x33, 0xff, 0, 0, 1}).ipv6().icmp(135).payload(20), "control", EBB_R_NEIGHBOUR);
  drop("icmpv6 fragment hides its type", Packet().ipv6().fragment(0, true).icmp(135).payload(20), "control");
  drop("icmp fragment hides its type", Packet().ipv4().fragment(0, true).icmp(3).payload(20), "control");
  drop("a neighbour solicitation's number over ipv4", Packet().ipv4().icmp(135 - 128).proto(58).payload(20),
       "control");
  pass("igmp", Packet().ipv4().options(4).proto(2).payload(8), "control", EBB_R_MULTICAST_CTL);
  pass("igmp by multicast", Packet().to(mac_multicast).ipv4().proto(2).payload(8), "control",
       EBB_R_MULTICAST_CTL);
  drop("protocol 2 over ipv6", Packet().ipv6().proto(2).payload(8), "control");

  const std::pair<ebb_reason, std::vector<std::uint16_t>> ports[] = {
      {EBB_R_DHCP, {67, 68, 546, 547}}, {EBB_R_TUNNEL, {500, 4500, 51820}}, {EBB_R_CLOCK, {319, 320}}};
  for (const auto& [reason, list] : ports)
    for (const auto port : list) {
      const std::string to = " to port " + std::to_string(port);
      pass("udp" + to, Packet().ipv4().udp(68, port).payload(240), "guarded", reason);
      pass("udp over ipv6" + to, Packet().ipv6().udp(547, port).payload(90), "guarded", reason);
      pass("tcp" + to, Packet().ipv4().tcp(68, port), "guarded", reason);
      pass("tcp over ipv6" + to, Packet().ipv6().tcp(547, port), "guarded", reason);
      pass("udp beside" + to, Packet().ipv4().udp(68, static_cast<std::uint16_t>(port + 2)), "-",
           EBB_R_UNCLASSIFIED);
    }
  const Packet mdns = Packet().ipv4().udp(5000, 5353).payload(40);
  drop("mdns that nobody here listens to", mdns, "guarded");
  Situation responder = usual();
  responder.mdns_listener = true;
  rows.push_back(passes("mdns while a responder listens", mdns.bytes(), "guarded", EBB_R_NAMES, responder));
  rows.push_back(drops("port 5355 while a responder listens", Packet().ipv4().udp(5355, 1).bytes(),
                       "from-port", responder));

  pass("esp", Packet().ipv4().proto(50).payload(60), "control", EBB_R_TUNNEL);
  pass("esp over ipv6", Packet().ipv6().proto(50).payload(60), "control", EBB_R_TUNNEL);
  pass("esp fragment", Packet().ipv4().proto(50).payload(60).fragment(7, true), "control", EBB_R_TUNNEL);
  pass("ah", Packet().ipv4().proto(51).payload(60), "control", EBB_R_TUNNEL);
  pass("ah over ipv6, whatever it protects", Packet().ipv6().extension(51, 24).udp(1, port_drop).payload(9),
       "drop", EBB_R_TUNNEL);
  pass("ah behind another header", Packet().ipv6().extension(60).extension(51, 16).proto(136).payload(9),
       "control", EBB_R_TUNNEL);
  pass("ah in an ipv6 fragment", Packet().ipv6().fragment(3, true).proto(51).payload(16), "control",
       EBB_R_TUNNEL);

  pass("broadcast dhcp",
       Packet().to(mac_broadcast).ipv4("0.0.0.0", "255.255.255.255").udp(67, 68).payload(240), "guarded",
       EBB_R_DHCP);
  drop("dhcp's source port alone", Packet().ipv4().udp(67, port_drop), "drop");
  pass("dhcp fragment hides its ports", Packet().ipv4().fragment(0, true).udp(67, 68), "-",
       EBB_R_UNCLASSIFIED);

  for (unsigned flags = 0; flags < 256; ++flags) {
    const bool control = flags & (fin | syn | rst);
    if (flags >= 64 && flags % 37 != 0) continue;  // the two highest bits by sample
    const Packet v4 = Packet().ipv4().tcp(1, 8080, static_cast<std::uint8_t>(flags));
    const Packet v6 = Packet().ipv6().tcp(1, 8080, static_cast<std::uint8_t>(flags));
    const std::string name = "tcp flags " + std::to_string(flags);
    if (control)
      pass(name, v4, "web", EBB_R_TCP_CONTROL), pass(name + ", ipv6", v6, "web", EBB_R_TCP_CONTROL);
    else
      drop(name, v4, "web"), drop(name + ", ipv6", v6, "web");
  }
  pass("unclassified syn", Packet().ipv4().tcp(1, 1, syn), "-", EBB_R_TCP_CONTROL);
  pass("tcp fragment", Packet().ipv4("203.0.113.1").tcp(1, 8080).fragment(5, true), "bad-net",
       EBB_R_TCP_CONTROL);
  pass("tcp fragment, ipv6", Packet().ipv6("2001:db8:bad::1").tcp(1, 8080).fragment(0, true), "bad-net",
       EBB_R_TCP_CONTROL);

  pass("ssh", Packet().ipv4().tcp(50000, 22), "guarded", EBB_R_MANAGEMENT);
  pass("ssh over ipv6", Packet().ipv6().tcp(50000, 22).payload(40), "guarded", EBB_R_MANAGEMENT);
  pass("management port by udp", Packet().ipv4().udp(50000, 22), "guarded", EBB_R_MANAGEMENT);
  pass("ssh syn", Packet().ipv4().tcp(50000, 22, syn), "guarded", EBB_R_TCP_CONTROL);
  pass("tagged ssh with ip options", Packet().vlan(1).vlan(2).ipv4().options(8).tcp(50000, 22), "guarded",
       EBB_R_MANAGEMENT);
  drop("management port as source", Packet().ipv4().udp(22, port_drop), "drop");
  pass("ssh from a dropped network", Packet().ipv4("203.0.113.9").tcp(50000, 22), "guarded",
       EBB_R_MANAGEMENT);
  steer("second management port: only its steering is kept", Packet().ipv4().tcp(50000, 2222),
        "guarded-steer");
  steer("syn: only its steering is kept", Packet().ipv4().tcp(50000, port_drop_steer, syn), "drop-steer");
  steer("tcp fin: trimming is not kept", Packet().ipv4().tcp(1, port_padding_steer, fin).pad(9),
        "padding-steer");
  pass("tcp fin keeps its padding", Packet().ipv4().tcp(1, port_padding, fin).pad(9), "padding",
       EBB_R_TCP_CONTROL);
}

}  // namespace ebb::test
