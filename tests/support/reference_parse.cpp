// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/reference_parts.hpp"

namespace ebb::test {
namespace {

Delivery delivery(const Bytes& frame) {
  if (std::all_of(frame.begin(), frame.begin() + 6, [](std::uint8_t b) { return b == 255; }))
    return Delivery::broadcast;
  return frame[0] & 1 ? Delivery::multicast : Delivery::unicast;
}

std::optional<ebb_reason> port_protection(std::uint16_t port, const Situation& now,
                                          const std::vector<std::uint16_t>& management) {
  if (std::count(management.begin(), management.end(), port)) return EBB_R_MANAGEMENT;
  if (one_of(port, {67, 68, 546, 547})) return EBB_R_DHCP;
  if (one_of(port, {500, 4500, 51820})) return EBB_R_TUNNEL;
  if (one_of(port, {319, 320})) return EBB_R_CLOCK;
  if (port == 5353 && now.mdns_listener) return EBB_R_NAMES;
  return std::nullopt;
}

// Transport header of the whole packet between p.l4 and p.end.
void read_transport(const Bytes& frame, const Situation& now, const std::vector<std::uint16_t>& management,
                    Parsed& p) {
  Fields& f = p.fields;
  const std::size_t size = p.end - p.l4;
  const bool icmp4 = f.proto == 1, icmp6 = f.proto == 58;
  f.tcp = f.proto == 6;
  p.udp = f.proto == 17;
  if (size < (f.tcp ? 20u : p.udp || icmp4 ? 8u : icmp6 ? 4u : 0u)) return void(p.stop = EBB_R_MALFORMED);

  const auto* head = frame.data() + p.l4;
  if (f.tcp && (head[12] >> 4 < 5 || (head[12] >> 4) * 4u > size)) return void(p.stop = EBB_R_MALFORMED);
  if (p.udp) {
    const auto length = get16(frame, p.l4 + 4);
    if (length < 8 || length > size) return void(p.stop = EBB_R_MALFORMED);
  }
  if (icmp4 && !f.ipv6 && one_of(head[0], {3, 4, 5, 9, 10, 11, 12})) p.protection = EBB_R_ICMP_ERROR;
  if (icmp6 && f.ipv6) {
    if (one_of(head[0], {1, 2, 3, 4})) p.protection = EBB_R_ICMP_ERROR;
    if (one_of(head[0], {130, 131, 132, 143, 151, 152, 153})) p.protection = EBB_R_MULTICAST_CTL;
    if (one_of(head[0], {133, 134, 135, 136, 137, 141, 142, 148, 149})) p.protection = EBB_R_NEIGHBOUR;
  }
  if (!f.tcp && !p.udp) return;
  f.ports = true;
  f.sport = get16(frame, p.l4);
  f.dport = get16(frame, p.l4 + 2);
  const auto by_port = port_protection(f.dport, now, management);
  if (by_port) p.protection = by_port;
  if (!f.tcp) return;
  f.tcp_flags = head[13];
  if (!(f.tcp_flags & (syn | fin | rst))) return;
  p.request = !p.protection && (f.tcp_flags & (syn | fin | rst | ack)) == syn;
  p.protection = EBB_R_TCP_CONTROL;
}

void read_ipv4(const Bytes& frame, Parsed& p) {
  const std::size_t present = frame.size() - p.l3;
  if (present < 20) return void(p.stop = EBB_R_MALFORMED);
  const auto* ip = frame.data() + p.l3;
  const std::size_t header = (ip[0] & 15) * 4u, total = get16(frame, p.l3 + 2);
  if (ip[0] >> 4 != 4 || header < 20 || header > present || total < header || total > present)
    return void(p.stop = EBB_R_MALFORMED);
  p.l4 = p.l3 + header;
  p.end = p.l3 + total;
  p.fragment = (get16(frame, p.l3 + 6) & 0x3fff) != 0;
  p.fields.length = static_cast<std::uint16_t>(total);
  p.fields.dscp = ip[1] >> 2;
  p.fields.proto = ip[9];
  std::copy_n(ip + 12, 4, p.fields.src.begin());
  std::copy_n(ip + 16, 4, p.fields.dst.begin());
  if (p.fields.proto == 2) p.protection = EBB_R_MULTICAST_CTL;
}

void read_ipv6(const Bytes& frame, Parsed& p) {
  const std::size_t present = frame.size() - p.l3;
  if (present < 40 || frame[p.l3] >> 4 != 6) return void(p.stop = EBB_R_MALFORMED);
  const std::size_t payload = get16(frame, p.l3 + 4);
  if (40 + payload > present) return void(p.stop = EBB_R_MALFORMED);
  p.end = p.l3 + 40 + payload;
  p.l4 = p.l3 + 40;
  p.fields.length = static_cast<std::uint16_t>(40 + payload);
  p.fields.dscp = static_cast<std::uint8_t>(get16(frame, p.l3) >> 6 & 63);
  std::copy_n(frame.data() + p.l3 + 8, 16, p.fields.src.begin());
  std::copy_n(frame.data() + p.l3 + 24, 16, p.fields.dst.begin());

  unsigned next = frame[p.l3 + 6];
  for (int count = 0; one_of(next, {0, 43, 44, 51, 60}); ++count) {
    if (count == 6) return void(p.stop = EBB_R_UNPARSED);
    if (p.end - p.l4 < 8) return void(p.stop = EBB_R_MALFORMED);
    const unsigned units = frame[p.l4 + 1];
    const std::size_t size = next == 44 ? 8 : next == 51 ? (units + 2) * 4 : (units + 1) * 8;
    if (size > p.end - p.l4) return void(p.stop = EBB_R_MALFORMED);
    p.fragment = next == 44 && (get16(frame, p.l4 + 2) & 0xfff9) != 0;
    p.authenticated = p.authenticated || next == 51;
    next = frame[p.l4];
    p.l4 += size;
    if (p.fragment) break;
  }
  p.fields.proto = static_cast<std::uint8_t>(next);
}

// What the machine, and not the frame alone, tells about it.
void read_surroundings(const Bytes& frame, const Situation& now, Parsed& p) {
  Fields& f = p.fields;
  const bool our_mac = std::any_of(now.macs.begin(), now.macs.end(), [&](const Mac& m) {
    return std::equal(m.begin(), m.end(), frame.begin());
  });
  const bool our_address = std::any_of(now.addresses.begin(), now.addresses.end(), [&](const OwnAddress& a) {
    return a.ipv6 == f.ipv6 && a.address == f.dst;
  });
  if (f.delivery == Delivery::unicast && our_mac)
    f.to = our_address ? Destination::us : Destination::forwarded;
  if (!f.ports || !(now.iface & EBB_IF_SOCKETS)) return;
  if (const auto owner = now.owners.find({f.tcp, f.dport}); now.owners_known && owner != now.owners.end())
    f.owner = owner->second;
  if (!p.tagged)  // else it belongs to another interface
    f.listener = std::any_of(now.sockets.begin(), now.sockets.end(), [&](const LocalSocket& s) {
      return s.tcp == f.tcp && (f.ipv6 ? s.ipv6 : s.ipv4) && s.port == f.dport &&
             (s.local == Address{} || s.local == f.dst);
    });
}

}  // namespace

Parsed parse(const Bytes& frame, const Situation& now, const std::vector<std::uint16_t>& management) {
  Parsed p;
  Fields& f = p.fields;
  f.delivery = delivery(frame);
  std::size_t at = 12;
  f.ethertype = get16(frame, at);
  for (int tags = 0; tags < 2 && one_of(f.ethertype, {0x8100, 0x88a8}); ++tags) {
    at += 4;
    if (frame.size() < at + 2) return p.stop = EBB_R_MALFORMED, p;
    if (!p.tagged) f.vlan = get16(frame, at - 2) & 0xfff;
    p.tagged = true;
    f.ethertype = get16(frame, at);
  }
  p.l3 = at + 2;
  if (f.ethertype == 0x0806)
    p.protection = EBB_R_ARP;
  else if (!one_of(f.ethertype, {0x0800, 0x86dd}))
    p.protection = EBB_R_ETHERTYPE;
  if (p.protection) return p;

  f.ip = true;
  f.ipv6 = f.ethertype == 0x86dd;
  f.ipv6 ? read_ipv6(frame, p) : read_ipv4(frame, p);
  if (p.stop) return p;
  if (one_of(f.proto, {50, 51})) p.protection = EBB_R_TUNNEL;
  if (p.fragment && f.proto == 6) p.protection = EBB_R_TCP_CONTROL;
  if (!p.fragment) read_transport(frame, now, management, p);
  if (p.stop) return p;
  if (p.authenticated) p.protection = EBB_R_TUNNEL, p.request = false;
  read_surroundings(frame, now, p);
  return p;
}

std::optional<Fields> read_fields(const Bytes& frame, const Situation& now) {
  const Parsed p = parse(frame, now, {});
  if (p.stop) return std::nullopt;
  return p.fields;
}

}  // namespace ebb::test
