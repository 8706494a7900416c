// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: what the parser sees of each protocol, told apart by the class that wins.
#include "table.hpp"

namespace ebb::test {
namespace {

Packet udp4() { return Packet().ipv4().udp(1000, port_drop).payload(100); }
Packet udp6() { return Packet().ipv6().udp(1000, port_drop).payload(100); }

}  // namespace

void add_protocols(std::vector<Row>& rows) {
  const auto pass = [&](std::string name, const Packet& p, const char* c, ebb_reason reason) {
    rows.push_back(passes(std::move(name), p.bytes(), c, reason));
  };
  const auto drop = [&](std::string name, const Packet& p, const char* c) {
    rows.push_back(drops(std::move(name), p.bytes(), c));
  };

  drop("udp over ipv4", udp4(), "drop");
  drop("udp over ipv6", udp6(), "drop");
  drop("udp over ipv4 without payload", udp4().payload(0), "drop");
  drop("tcp over ipv4", Packet().ipv4().tcp(1000, 8080), "web");
  drop("tcp over ipv6", Packet().ipv6().tcp(1000, 8089), "web");
  drop("tcp with 40 bytes of options", Packet().ipv4().tcp(1000, 8085, ack, 15), "web");
  pass("udp to a port of a tcp class", Packet().ipv4().udp(1000, 8080), "-", EBB_R_UNCLASSIFIED);
  pass("tcp port below a range", Packet().ipv4().tcp(1000, 8079), "-", EBB_R_UNCLASSIFIED);
  pass("tcp port above a range", Packet().ipv6().tcp(1000, 8090), "-", EBB_R_UNCLASSIFIED);
  pass("ports are not swapped", Packet().ipv4().udp(port_drop, 1000), "-", EBB_R_UNCLASSIFIED);
  drop("source port in a range", Packet().ipv4().udp(5354, 1000), "from-port");
  pass("source port beside a range", Packet().ipv4().udp(5352, 1000), "-", EBB_R_UNCLASSIFIED);
  drop("the first of two classes wins", Packet().ipv4("203.0.113.1").udp(1000, port_drop), "drop");
  pass("the first of two classes wins, though it passes", Packet().ipv4("203.0.113.1").udp(1000, port_pass),
       "pass", EBB_R_TREATMENT);
  pass("sctp has no ports here", Packet().ipv4().proto(132).payload(40), "-", EBB_R_UNCLASSIFIED);
  drop("gre over ipv4", Packet().ipv4().proto(47).payload(40), "control");
  drop("udp-lite over ipv6", Packet().ipv6().proto(136).payload(40), "control");
  drop("icmp echo", Packet().ipv4().icmp(8).payload(56), "control");
  drop("icmpv6 echo", Packet().ipv6().icmp(128).payload(56), "control");
  drop("icmpv6 of 4 bytes", Packet().ipv6().proto(58).payload(4), "control");
  drop("icmpv6 number over ipv4", Packet().ipv4().proto(58).payload(40), "control");
  drop("icmp number over ipv6", Packet().ipv6().proto(1).payload(40), "control");
  drop("ipv6 without a next header", Packet().ipv6().proto(59), "odd");
  pass("ipv4 with a bare header", Packet().ipv4().proto(253), "-", EBB_R_UNCLASSIFIED);

  drop("source in an ipv4 prefix", Packet().ipv4("203.0.113.255").udp(1, 1), "bad-net");
  pass("source beside an ipv4 prefix", Packet().ipv4("203.0.114.0").udp(1, 1), "-", EBB_R_UNCLASSIFIED);
  pass("destination in a source prefix", Packet().ipv4("192.0.2.1", "203.0.113.1").udp(1, 1), "-",
       EBB_R_UNCLASSIFIED);
  drop("source in an ipv6 prefix", Packet().ipv6("2001:db8:bad:ffff::1").udp(1, 1), "bad-net");
  pass("source beside an ipv6 prefix", Packet().ipv6("2001:db8:bae::1").udp(1, 1), "-", EBB_R_UNCLASSIFIED);
  const auto too_far = [](Packet p) { return p.udp(1, 1).payload(100); };
  pass("destination beside an ipv4 prefix", too_far(Packet().ipv4("192.0.2.1", "198.51.100.104")), "-",
       EBB_R_UNCLASSIFIED);
  pass("destination beside an ipv6 prefix", too_far(Packet().ipv6("2001:db8::1", "2001:db8:f::10")), "-",
       EBB_R_UNCLASSIFIED);
  drop("length at the start of a range", Packet().ipv4().udp(1, 1).payload(700 - 28), "long");
  drop("length at the end of a range", Packet().ipv6().udp(1, 1).payload(710 - 48), "long");
  pass("length below a range", Packet().ipv4().udp(1, 1).payload(699 - 28), "-", EBB_R_UNCLASSIFIED);
  pass("length above a range", Packet().ipv6().udp(1, 1).payload(711 - 48), "-", EBB_R_UNCLASSIFIED);
  pass("padding is not length", Packet().ipv4().udp(1, 1).payload(699 - 28).pad(5), "-", EBB_R_UNCLASSIFIED);
  drop("broadcast", Packet().to(mac_broadcast).ipv4().udp(1, 1), "chatter");
  drop("multicast", Packet().to(mac_multicast).ipv4().udp(1, 1), "multicast");
  drop("almost broadcast", Packet().to({255, 255, 255, 255, 255, 253}).ipv4().udp(1, 1), "multicast");
  pass("unicast with high bytes", Packet().to({254, 255, 255, 255, 255, 255}).ipv4().udp(1, 1), "-",
       EBB_R_UNCLASSIFIED);

  for (std::size_t size = 4; size <= 40; size += 4)
    drop("ipv4 with " + std::to_string(size) + " bytes of options", udp4().options(size), "drop");
  drop("one tag", udp4().vlan(7), "drop");
  drop("one 802.1ad tag, ipv6", udp6().vlan(7, 0x88a8), "drop");
  drop("two tags", udp4().vlan(7, 0x88a8).vlan(8), "drop");
  drop("two 802.1Q tags, ipv6", udp6().vlan(7).vlan(8), "drop");
  pass("a third tag is an ethertype", udp4().vlan(7).vlan(8).vlan(9), "-", EBB_R_ETHERTYPE);
  pass("a third 802.1ad tag is an ethertype", udp4().vlan(7).vlan(8).vlan(9, 0x88a8), "-", EBB_R_ETHERTYPE);

  pass("first ipv4 fragment has no ports", udp4().fragment(0, true), "-", EBB_R_UNCLASSIFIED);
  pass("later ipv4 fragment", udp4().fragment(64, true), "-", EBB_R_UNCLASSIFIED);
  pass("last ipv4 fragment", udp4().fragment(64, false), "-", EBB_R_UNCLASSIFIED);
  pass("lowest bit of an ipv4 offset", udp4().fragment(1, false), "-", EBB_R_UNCLASSIFIED);
  pass("highest bit of an ipv4 offset", udp4().fragment(0x1000, false), "-", EBB_R_UNCLASSIFIED);
  drop("don't fragment is no fragment", udp4().fragment(0x4000, false), "drop");
  drop("reserved ipv4 bit is no fragment", udp4().fragment(0x8000, false), "drop");
  drop("ipv4 fragment by its address", Packet().ipv4("203.0.113.1").udp(1, 1).payload(8).fragment(3, true),
       "bad-net");
  drop("ipv4 fragment by its protocol", Packet().ipv4().icmp(8).fragment(3, true), "control");
  drop("ipv4 fragment of one byte", Packet().ipv4("203.0.113.1").proto(17).payload(1).fragment(99, false),
       "bad-net");
  pass("first ipv6 fragment has no ports", udp6().fragment(0, true), "-", EBB_R_UNCLASSIFIED);
  pass("last ipv6 fragment", udp6().fragment(64, false), "-", EBB_R_UNCLASSIFIED);
  pass("lowest bit of an ipv6 offset", udp6().fragment(1, false), "-", EBB_R_UNCLASSIFIED);
  drop("atomic ipv6 fragment is whole", udp6().fragment(0, false), "drop");
  drop("ipv6 fragment by its protocol", Packet().ipv6().icmp(128).fragment(3, true), "control");
  drop("ipv6 fragment's next header is not followed", udp6().fragment(3, true).extension(60), "odd");

  for (const unsigned type : {0u, 43u, 60u})
    for (const std::size_t size : {8u, 16u, 24u})
      drop("extension header " + std::to_string(type) + " of " + std::to_string(size) + " bytes",
           udp6().extension(static_cast<std::uint8_t>(type), size), "drop");
  for (const std::size_t size : {8u, 24u, 28u})  // in steps of 4 bytes
    pass("ah of " + std::to_string(size) + " bytes", udp6().extension(51, size), "drop", EBB_R_TUNNEL);
  drop("the longest extension header", udp6().extension(60, 1024), "drop");
  drop("four kinds of extension headers", udp6().extension(0).extension(60).extension(43).fragment(0, false),
       "drop");
  Packet chain = udp6();
  for (int n = 1; n <= 6; ++n) drop(std::to_string(n) + " extension headers", chain.extension(60), "drop");
  pass("7 extension headers", chain.extension(60), "", EBB_R_UNPARSED);
  pass("6 extension headers and a fragment header",
       udp6().extension(0).extension(60).extension(60).extension(60).extension(60).extension(60).fragment(
           9, true),
       "", EBB_R_UNPARSED);
  drop("5 extension headers and a fragment header",
       Packet()
           .ipv6("2001:db8:bad::1")
           .udp(1, 1)
           .extension(0)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .fragment(9, true),
       "bad-net");
  pass("mobility header is not followed", udp6().extension(135), "-", EBB_R_UNCLASSIFIED);
  pass("ipv4 ah is not followed", udp4().proto(51), "control", EBB_R_TUNNEL);
  drop("ipv4 protocol 44 is no fragment header", udp4().proto(44), "odd");
}

}  // namespace ebb::test
