// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: frames cut at every byte of their headers, and headers that contradict each other.
#include "table.hpp"

namespace ebb::test {
namespace {

Bytes cut(Bytes frame, std::size_t size) {
  frame.resize(size);
  return frame;
}

Bytes with8(Bytes frame, std::size_t at, unsigned value) {
  frame[at] = static_cast<std::uint8_t>(value);
  return frame;
}

Bytes with16(Bytes frame, std::size_t at, std::size_t value) {
  put16(frame, at, static_cast<std::uint16_t>(value));
  return frame;
}

struct Base {
  std::string name;
  Packet packet;
  bool ipv6;
  std::size_t header;  // L4 bytes that must be there
};

std::vector<Base> bases() {
  return {
      {"udp over ipv4", Packet().ipv4().udp(1, port_drop).payload(9), false, 8},
      {"tcp over ipv4", Packet().ipv4().tcp(1, 8080).payload(9), false, 20},
      {"tcp with options over ipv4", Packet().ipv4().tcp(1, 8080, ack, 8).payload(9), false, 32},
      {"icmp", Packet().ipv4().icmp(8).payload(9), false, 8},
      {"udp over ipv4 with options", Packet().ipv4().options(12).udp(1, port_drop).payload(9), false, 8},
      {"tagged tcp over ipv4", Packet().vlan(5).ipv4().tcp(1, 8080), false, 20},
      {"udp over ipv6", Packet().ipv6().udp(1, port_drop).payload(9), true, 8},
      {"tcp over ipv6", Packet().ipv6().tcp(1, 8080).payload(9), true, 20},
      {"icmpv6", Packet().ipv6().icmp(128).payload(9), true, 4},
      {"twice tagged udp over ipv6", Packet().vlan(5, 0x88a8).vlan(6).ipv6().udp(1, port_drop), true, 8},
      {"udp behind extension headers",
       Packet().ipv6().extension(0).extension(51, 12).extension(60).udp(1, port_drop), true, 8},
      {"ipv6 fragment", Packet().ipv6().fragment(8, true).proto(17).payload(1), true, 0},
  };
}

void add_lies(std::vector<Row>& rows) {
  const Packet udp4 = Packet().ipv4().udp(1, port_drop).payload(20),
               udp6 = Packet().ipv6().udp(1, port_drop).payload(20);
  const Packet tcp4 = Packet().ipv4().tcp(1, 8080).payload(20),
               tcp6 = Packet().ipv6().tcp(1, 8080).payload(20);
  const Bytes u4 = udp4.bytes(), u6 = udp6.bytes(), t4 = tcp4.bytes(), t6 = tcp6.bytes();
  const auto bad = [&](std::string name, const Bytes& frame) {
    rows.push_back(passes(std::move(name), frame, "", EBB_R_MALFORMED));
  };
  const auto good = [&](std::string name, const Bytes& frame, const char* c) {
    rows.push_back(drops(std::move(name), frame, c));
  };
  for (const unsigned version : {0u, 5u, 6u, 15u})
    bad("ipv4 with version " + std::to_string(version), with8(u4, 14, version << 4 | 5));
  for (const unsigned version : {0u, 4u, 5u, 7u})
    bad("ipv6 with version " + std::to_string(version), with8(u6, 14, version << 4));
  for (unsigned words = 0; words < 5; ++words)
    bad("ipv4 header of " + std::to_string(words) + " words", with8(u4, 14, 0x40 | words));
  bad("ipv4 header longer than the packet", with8(u4, 14, 0x4f));
  for (const std::size_t total : {0u, 19u, 20u, 27u, 47u})
    bad("ipv4 total length " + std::to_string(total), with16(u4, 16, total));
  bad("ipv4 total length one more than there is", with16(u4, 16, 49));
  bad("ipv4 total length 65535", with16(u4, 16, 65535));
  good("ipv4 total length one less than the frame", with16(with16(u4, 16, 47), 38, 27), "drop");
  for (const std::size_t payload : {0u, 7u, 27u, 29u, 65535u})
    bad("ipv6 payload length " + std::to_string(payload), with16(u6, 18, payload));
  bad("ipv6 jumbogram", with16(Packet(udp6).extension(0).bytes(), 18, 0));
  for (unsigned words = 0; words < 5; ++words) {
    bad("tcp header of " + std::to_string(words) + " words over ipv4", with8(t4, tcp4.l4() + 12, words << 4));
    bad("tcp header of " + std::to_string(words) + " words over ipv6", with8(t6, tcp6.l4() + 12, words << 4));
  }
  bad("tcp header longer than its segment, ipv4", with8(t4, tcp4.l4() + 12, 11 << 4));
  bad("tcp header longer than its segment, ipv6", with8(t6, tcp6.l4() + 12, 15 << 4));
  good("tcp header as long as its segment", with8(t4, tcp4.l4() + 12, 10 << 4), "web");
  bad("tcp header that reaches into the padding",
      with8(Packet(tcp4).pad(20).bytes(), tcp4.l4() + 12, 11 << 4));
  for (const std::size_t length : {0u, 7u, 29u, 65535u}) {
    bad("udp length " + std::to_string(length) + " over ipv4", with16(u4, udp4.l4() + 4, length));
    bad("udp length " + std::to_string(length) + " over ipv6", with16(u6, udp6.l4() + 4, length));
  }
  good("udp length 8 of 28", with16(u4, udp4.l4() + 4, 8), "drop");
  good("udp length 27 of 28", with16(u6, udp6.l4() + 4, 27), "drop");
  bad("udp length that reaches into the padding", with16(Packet(udp4).pad(9).bytes(), udp4.l4() + 4, 29));
  bad("extension header longer than the packet", with8(Packet(udp6).extension(60).bytes(), 14 + 41, 255));
  bad("extension header that reaches into the padding",
      with8(Packet(udp6).extension(60).pad(64).bytes(), 14 + 41, 5));
  bad("extension header in the padding", with16(Packet(udp6).extension(60).bytes(), 18, 0));
  bad("fragment header in the padding", with16(Packet(udp6).fragment(8, true).bytes(), 18, 7));
  bad("transport header in the padding", with16(with16(u4, 16, 20), 38, 8));
}

}  // namespace

void add_truncations(std::vector<Row>& rows) {
  const auto bad = [&](std::string name, const Bytes& frame) {
    rows.push_back(passes(std::move(name), frame, "", EBB_R_MALFORMED));
  };
  for (const Base& base : bases()) {
    const Bytes frame = base.packet.bytes();
    const std::size_t l3 = base.packet.l3(), l4 = base.packet.l4();
    for (std::size_t size = 14; size < l4 + base.header; ++size)
      bad(base.name + " cut to " + std::to_string(size) + " bytes", cut(frame, size));
    bad(base.name + " without its last byte", cut(frame, frame.size() - 1));

    // The same with an IP header that says so: only what lies behind it is cut short.
    const std::size_t first = l3 + (base.ipv6 ? 40 : 20);
    for (std::size_t size = first; size < l4 + base.header; ++size) {
      Bytes honest = cut(frame, size);
      put16(honest, base.ipv6 ? l3 + 4 : l3 + 2, static_cast<std::uint16_t>(size - (base.ipv6 ? first : l3)));
      bad(base.name + " whose IP ends after " + std::to_string(size) + " bytes", honest);
      honest.resize(frame.size() + 30);
      bad(base.name + " whose IP ends after " + std::to_string(size) + " bytes, padded", honest);
    }
  }
  for (std::size_t size = 14; size < 18; ++size)
    bad("tag cut to " + std::to_string(size) + " bytes", cut(Packet().vlan(1).arp().bytes(), size));
  for (std::size_t size = 18; size < 22; ++size)
    bad("second tag cut to " + std::to_string(size) + " bytes",
        cut(Packet().vlan(1).vlan(2).arp().bytes(), size));
  for (std::size_t size = 14; size <= 42; ++size)  // its body is not read, so it may be of any size
    rows.push_back(passes("arp of " + std::to_string(size) + " bytes", cut(Packet().arp().bytes(), size),
                          "arp", EBB_R_ARP));
  add_lies(rows);
}

}  // namespace ebb::test
