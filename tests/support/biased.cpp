// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/biased.hpp"

#include <algorithm>

#include "abi.h"

namespace ebb::test {
namespace {

std::uint16_t narrow(std::size_t v) { return static_cast<std::uint16_t>(v); }

std::size_t count_of(const std::vector<Prefix>& list, bool ipv6) {
  if (list.empty()) return 1;
  return static_cast<std::size_t>(
      std::count_if(list.begin(), list.end(), [&](const Prefix& p) { return p.ipv6 == ipv6; }));
}

// Rule bits that a rule takes: one per pair of its prefixes of one family.
std::size_t bits(const Rule& rule) {
  if (rule.src.empty() && rule.dst.empty()) return 1;
  return count_of(rule.src, false) * count_of(rule.dst, false) +
         count_of(rule.src, true) * count_of(rule.dst, true);
}

}  // namespace

std::uint16_t Biased::port() {
  static const std::vector<std::uint16_t> pool = {22,  53,   67,   68,   123,  443, 546,
                                                  547, 1883, 8125, 9000, 9010, 0,   65535};
  return chance(80) ? pick(pool) : narrow(below(65536));
}

Prefix Biased::prefix() {
  static const std::vector<std::string> pool = {"192.0.2.1",          "192.0.2.200", "198.51.100.7",
                                                "10.0.0.1",           "2001:db8::1", "2001:db8:7::7",
                                                "2001:db8:7:ff00::9", "fe80::1"};
  const std::string& text = pick(pool);
  Prefix out{text.find(':') != std::string::npos, address(text), 0};
  out.length = static_cast<std::uint8_t>(below(out.ipv6 ? 129 : 33));
  for (unsigned bit = out.length; bit < 128; ++bit)
    out.address[bit / 8] = static_cast<std::uint8_t>(out.address[bit / 8] & ~(0x80u >> bit % 8));
  return out;
}

Rule Biased::rule() {
  static const std::vector<std::uint8_t> protos = {6, 17, 17, 1, 58, 2, 47, 0};
  static const std::vector<std::uint16_t> ethertypes = {0x0800, 0x86dd, 0x0806, 0x88cc, 0x0100};
  Rule out;
  const auto range = [&](std::uint16_t first) {
    return Range16{first, narrow(std::min(65535u, first + below(300)))};
  };
  if (chance(15)) {
    const auto first = pick(ethertypes);
    out.ethertype.push_back(Range16{first, chance(50) ? first : std::uint16_t{0xffff}});
  }
  if (chance(30)) out.proto.push_back(pick(protos));
  if (chance(15)) out.proto.push_back(pick(protos));
  for (auto* ports : {&out.sport, &out.dport})
    for (unsigned n = chance(40) ? 1 + below(3) : 0; n > 0; --n) {
      const auto first = port();
      ports->push_back(chance(50) ? Range16{first, first} : range(first));
    }
  for (auto* prefixes : {&out.src, &out.dst})
    for (unsigned n = chance(30) ? 1 + below(2) : 0; n > 0; --n) prefixes->push_back(prefix());
  if (chance(20)) out.delivery.push_back(static_cast<Delivery>(below(3)));
  if (chance(5)) out.delivery.push_back(static_cast<Delivery>(below(3)));
  for (unsigned n = chance(20) ? 1 + below(2) : 0; n > 0; --n)
    out.length.push_back(range(narrow(below(1400))));
  return out;
}

Treatment Biased::treatment() {
  Treatment out;
  out.drop = chance(20);
  out.steer = chance(30);
  if (chance(20))
    out.trim_padding = true;
  else if (chance(40))
    out.trim = narrow(below(200));
  return out;
}

Config Biased::policy() {
  Config out;
  out.management_ports = {22, 443};
  std::size_t used = 0;
  for (unsigned wanted = 1 + below(24); wanted > 0; --wanted) {
    TrafficClass c;
    c.name = "c" + std::to_string(wanted);
    for (auto& treat : c.treat) treat = treatment();
    for (unsigned n = 1 + below(3); n > 0; --n) {
      Rule candidate = rule();
      if (used + bits(candidate) > EBB_RULES) continue;
      used += bits(candidate);
      c.match.push_back(std::move(candidate));
    }
    if (!c.match.empty()) out.classes.push_back(std::move(c));
  }
  return out;
}

std::vector<std::uint8_t> Biased::slots(const Config& config) {
  std::vector<std::uint8_t> all(EBB_CLASSES);
  for (unsigned i = 0; i < EBB_CLASSES; ++i) all[i] = static_cast<std::uint8_t>(i);
  std::shuffle(all.begin(), all.end(), random_);
  all.resize(config.classes.size());
  return all;
}

const Rule& Biased::any_rule(const Config& config) {
  static const Rule everything;
  return config.classes.empty() ? everything : pick(pick(config.classes).match);
}

std::array<std::uint8_t, 16> Biased::address_in(const std::vector<Prefix>& list, bool ipv6) {
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

Biased::Sample Biased::frame_for(const Rule& rule, bool ipv6) {
  const auto value = [&](const std::vector<Range16>& list, std::uint16_t otherwise) {
    if (list.empty()) return otherwise;
    const Range16& r = pick(list);
    return narrow(r.first + below(r.last - r.first + 1u));
  };
  const auto& named = rule.src.empty() ? rule.dst : rule.src;
  if (!named.empty()) ipv6 = pick(named).ipv6;
  Packet packet;
  ipv6 ? packet.ipv6() : packet.ipv4();
  packet.addresses(address_in(rule.src, ipv6), address_in(rule.dst, ipv6));
  if (!rule.delivery.empty()) {
    const Delivery d = pick(rule.delivery);
    packet.to(d == Delivery::unicast ? mac_us : d == Delivery::multicast ? mac_multicast : mac_broadcast);
  }
  const unsigned proto = rule.proto.empty() ? 17 : pick(rule.proto);
  const auto sport = value(rule.sport, port()), dport = value(rule.dport, port());
  std::size_t headers = ipv6 ? 40 : 20;
  if (proto == 6)
    packet.tcp(sport, dport), headers += 20;
  else if (proto == 17)
    packet.udp(sport, dport), headers += 8;
  else if (proto == 1 || proto == 58)
    packet.icmp(static_cast<std::uint8_t>(below(140))), headers += 8;
  else
    packet.proto(static_cast<std::uint8_t>(proto));
  const std::size_t length = value(rule.length, narrow(headers + below(300)));
  packet.payload(length > headers ? length - headers : 0);
  return {packet.bytes(), packet.l3(), packet.l4(), ipv6};
}

Bytes Biased::frame(const Config& config) {
  const Rule& rule = any_rule(config);
  Sample sample = frame_for(rule, chance(50));
  Bytes& out = sample.frame;
  if (!rule.ethertype.empty()) put16(out, 12, chance(50) ? rule.ethertype[0].first : get16(out, 12));
  if (chance(20)) {
    auto& byte = out[sample.l3 + below(static_cast<unsigned>(out.size() - sample.l3))];
    byte = static_cast<std::uint8_t>(byte ^ 1u << below(8));
  }
  if (chance(15)) out[sample.l3 + (sample.ipv6 ? 6 : 9)] = static_cast<std::uint8_t>(below(256));
  if (chance(10) && !sample.ipv6) put16(out, sample.l3 + 6, narrow(chance(50) ? 0x2000 : below(0x2000)));
  if (chance(20)) {
    const Bytes tag = {static_cast<std::uint8_t>(chance(50) ? 0x81 : 0x88), 0, 0, 7};
    out.insert(out.begin() + 12, tag.begin(), tag.end());
    out[13] = out[12] == 0x88 ? 0xa8 : 0;
  }
  if (chance(25)) out.resize(out.size() + below(30), 0xee);
  if (chance(5)) out.resize(54 + below(static_cast<unsigned>(out.size())));
  if (out.size() < 54) out.resize(54, 0xee);  // TEST_RUN on TC refuses shorter ones
  return out;
}

}  // namespace ebb::test
