// SPDX-License-Identifier: GPL-2.0-or-later
// Frames that meet the rules.
#include <algorithm>

#include "support/biased.hpp"

namespace ebb::test {
namespace {

std::uint16_t narrow(std::size_t v) { return static_cast<std::uint16_t>(v); }

}  // namespace

Address Biased::address_in(const std::vector<Prefix>& list, bool ipv6) {
  std::vector<Prefix> family;
  std::copy_if(list.begin(), list.end(), std::back_inserter(family),
               [&](const Prefix& p) { return p.ipv6 == ipv6; });
  Prefix near;
  do near = family.empty() ? prefix() : pick(family);
  while (near.ipv6 != ipv6);
  auto out = near.address;
  for (unsigned bit = near.length; bit < (ipv6 ? 128u : 32u); ++bit)
    if (chance(50)) out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] ^ (0x80u >> bit % 8));
  return out;
}

// Where the rule wants its packets to go, or near it.
Address Biased::destination(const Rule& rule, bool ipv6) {
  const bool ours = rule.to.empty() ? chance(40) : rule.to[0] == Destination::us;
  if (!ours) return address_in(rule.dst, ipv6);
  Rule only;
  only.dst = rule.dst;
  std::vector<Address> fitting;
  for (const OwnAddress& own : own_addresses()) {
    Fields f;
    f.ip = true;
    f.ipv6 = own.ipv6;
    f.dst = own.address;
    if (own.ipv6 == ipv6 && matches(only, f)) fitting.push_back(own.address);
  }
  return fitting.empty() ? address_in(rule.dst, ipv6) : pick(fitting);
}

Biased::Sample Biased::frame_for(const Rule& rule, bool ipv6) {
  const auto value = [&](const std::vector<Range16>& list, std::uint16_t otherwise) {
    if (list.empty()) return otherwise;
    const Range16& r = pick(list);
    return narrow(r.first + below(r.last - r.first + 1u));
  };
  const auto& named = rule.src.empty() ? rule.dst : rule.src;
  if (!named.empty()) ipv6 = pick(named).ipv6;
  Packet packet;
  if (!rule.vlan.empty()) packet.vlan(narrow(value(rule.vlan, 0) | below(8) << 13));
  ipv6 ? packet.ipv6() : packet.ipv4();
  packet.addresses(address_in(rule.src, ipv6), destination(rule, ipv6));
  packet.dscp(static_cast<std::uint8_t>(value(rule.dscp, narrow(below(64)))));
  if (!rule.delivery.empty()) {
    const Delivery d = pick(rule.delivery);
    packet.to(d == Delivery::unicast ? mac_us : d == Delivery::multicast ? mac_multicast : mac_broadcast);
  }
  const bool names_tcp = !rule.tcp_flags.empty();
  const unsigned proto = names_tcp ? 6 : rule.proto.empty() ? (chance(70) ? 17 : 6) : pick(rule.proto);
  const auto sport = value(rule.sport, port()), dport = value(rule.dport, port());
  std::size_t headers = ipv6 ? 40 : 20;
  if (proto == 6) {
    static const std::vector<std::uint8_t> common = {ack, ack | psh, syn, syn | ack, fin | ack, rst};
    auto flags = pick(common);
    if (names_tcp) {
      const TcpFlags wanted = pick(rule.tcp_flags);
      flags = static_cast<std::uint8_t>((below(256) & ~wanted.mask) | wanted.value);
    }
    packet.tcp(sport, dport, flags), headers += 20;
  } else if (proto == 17) {
    packet.udp(sport, dport), headers += 8;
  } else if (proto == 1 || proto == 58) {
    packet.icmp(static_cast<std::uint8_t>(below(140))), headers += 8;
  } else {
    packet.proto(static_cast<std::uint8_t>(proto));
  }
  if (ipv6 && chance(8)) packet.extension(pick(std::vector<std::uint8_t>{0, 60, 43, 51}), 16), headers += 16;
  const std::size_t length = value(rule.length, narrow(headers + below(300)));
  packet.payload(length > headers ? length - headers : 0);
  return {packet.bytes(), packet.l3(), packet.l4(), ipv6};
}

Packet Biased::request() {
  const bool ipv6 = chance(50), group = chance(50);
  const auto pick_own = [&] {
    Address out;
    do {
      const OwnAddress& own = pick(own_addresses());
      out = own.address;
      if (own.ipv6 == ipv6) break;
    } while (true);
    if (chance(10)) out[ipv6 ? 15 : 3] ^= 1;
    return out;
  };
  const Address target = pick_own();
  Address source = address(ipv6 ? "2001:db8::55" : "192.0.2.55");
  if (chance(10)) source = chance(50) ? Address{} : pick_own();
  const Bytes bytes(target.begin(), target.end());
  Packet packet;
  if (chance(10)) packet.to(chance(50) ? mac_us_too : mac_multicast);
  if (chance(5)) packet.from({3, 0, 0, 0, 0, 2});
  if (chance(40)) {
    ipv6 ? packet.ipv6() : packet.ipv4();
    packet.addresses(source, target)
        .dscp(static_cast<std::uint8_t>(below(64)))
        .hops(static_cast<std::uint8_t>(1 + below(255)));
    packet.icmp(ipv6 ? 128 : 8, chance(5) ? 1 : 0, below(1u << 31)).payload(below(200));
    if (chance(5)) packet.router_alert();
    if (chance(5)) packet.fragment(chance(50) ? 9 : 0, chance(50));
    return packet.pad(chance(30) ? below(20) : 0);
  }
  if (!ipv6) {
    if (group) packet.to(mac_broadcast);
    Bytes body = {0, 1, 8, 0, 6, 4, 0, static_cast<std::uint8_t>(chance(90) ? 1 : 2)};
    const Mac sender = chance(95) ? mac_peer : mac_broadcast;
    body.insert(body.end(), sender.begin(), sender.end());
    body.insert(body.end(), source.begin(), source.begin() + 4);
    body.insert(body.end(), 6, 0);
    body.insert(body.end(), bytes.begin(), bytes.begin() + 4);
    return packet.ethertype(0x0806).data(body).payload(chance(50) ? 18 : 12);
  }
  Address to = target;
  if (group) {
    to = address("ff02::1:ff00:0");
    std::copy_n(target.begin() + 13, 3, to.begin() + 13);
    packet.to({0x33, 0x33, 0xff, to[13], to[14], to[15]});
  }
  Bytes body = bytes;
  if (chance(95)) body.insert(body.end(), {1, 1, 2, 0, 0, 0, 0, 2});
  if (chance(5)) body.back() = 9;
  if (chance(5)) body.insert(body.end(), {14, 1, 1, 2, 3, 4, 5, 6});
  packet.ipv6().addresses(source, to).hops(chance(95) ? 255 : 64).icmp(135, 0, 0);
  return packet.data(body).pad(chance(30) ? below(20) : 0);
}

void Biased::damage(Sample& sample) {
  Bytes& out = sample.frame;
  auto& byte = out[sample.l3 + below(static_cast<unsigned>(out.size() - sample.l3))];
  byte = static_cast<std::uint8_t>(byte ^ 1u << below(8));
}

Bytes Biased::frame(const Config& config) {
  static const std::vector<std::uint16_t> tags = {0, 1, 7, 10, 11, 4094, 4095};
  const Rule& rule = any_rule(config);
  Sample sample;
  if (chance(15)) {
    const Packet packet = request();
    sample = {packet.bytes(), packet.l3(), packet.l4(), false};
    if (chance(20)) damage(sample);
  } else {
    sample = frame_for(rule, chance(50));
    Bytes& out = sample.frame;
    if (!rule.ethertype.empty())
      put16(out, sample.l3 - 2, chance(50) ? rule.ethertype[0].first : get16(out, 12));
    if (chance(20)) damage(sample);
    if (chance(15)) out[sample.l3 + (sample.ipv6 ? 6 : 9)] = static_cast<std::uint8_t>(below(256));
    if (chance(10) && !sample.ipv6) put16(out, sample.l3 + 6, narrow(chance(50) ? 0x2000 : below(0x2000)));
    if (chance(5)) out[5] = chance(50) ? mac_us_too[5] : 9;
    if (chance(5)) out[4] = mac_us_too[4];
  }
  Bytes& out = sample.frame;
  for (unsigned n = chance(20) ? 1 + below(2) : 0; n > 0; --n) {
    const unsigned type = chance(50) ? 0x8100 : 0x88a8, tci = pick(tags) | below(8) << 13;
    const auto byte = [](unsigned v) { return static_cast<std::uint8_t>(v); };
    const Bytes tag = {byte(type >> 8), byte(type), byte(tci >> 8), byte(tci)};
    out.insert(out.begin() + 12, tag.begin(), tag.end());
  }
  if (chance(25)) out.resize(out.size() + below(30), 0xee);
  if (chance(5)) out.resize(54 + below(static_cast<unsigned>(out.size())));
  if (out.size() < 54) out.resize(54, 0xee);  // TEST_RUN on TC refuses shorter ones
  return out;
}

}  // namespace ebb::test
