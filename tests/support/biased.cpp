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

// Of all kinds that differ in a lookup: any address or one of ours, one family or both.
const std::vector<LocalSocket>& own_sockets() {
  static const std::vector<LocalSocket> list = {{false, true, true, {}, 53},
                                                {false, true, false, {}, 123},
                                                {false, false, true, {}, 9000},
                                                {false, true, false, address("198.51.100.7"), 8125},
                                                {false, false, true, address("2001:db8:7::7"), 8125},
                                                {true, true, true, {}, 1883},
                                                {true, true, false, address("198.51.100.7"), 9010},
                                                {true, false, true, {}, 8125}};
  return list;
}

const std::vector<std::string> cgroups = {"/system.slice/mosquitto.service", "/system.slice/dns.service",
                                          "/user.slice/one", "/user.slice/one/mosquitto.service",
                                          "/user.slice/onemore"};

}  // namespace

const std::vector<OwnAddress>& Biased::own_addresses() {
  static const std::vector<OwnAddress> list = {{false, address("198.51.100.7"), true, true},
                                               {false, address("10.0.0.1"), true, false},
                                               {false, address("192.0.2.200"), false, true},
                                               {true, address("2001:db8:7::7"), true, true},
                                               {true, address("fe80::1"), true, true},
                                               {true, address("2001:db8::1"), true, false},
                                               {true, address("2001:db8:7:ff00::9"), false, true}};
  return list;
}

Situation Biased::situation() {
  Situation now;
  now.state = static_cast<PowerState>(below(4));
  now.enforcement = chance(75) ? Enforcement::enforce : Enforcement::observe;
  now.iface = chance(75) ? EBB_IF_TERMINAL | EBB_IF_STEER : below(4);
  if (now.iface & EBB_IF_TERMINAL && chance(75)) now.iface |= EBB_IF_SOCKETS;
  for (const unsigned flag : {EBB_IF_ARP, EBB_IF_ECHO4, EBB_IF_ECHO6, EBB_IF_ND})
    if (chance(85)) now.iface |= flag;
  if (chance(30)) now.iface |= EBB_IF_ROUTER;
  for (CpuMask& mask : now.masks)
    if (chance(80)) mask.set(chance(70) ? 1 : 0);
  now.above_rate = chance(50);
  now.macs = {mac_us, mac_us_too};
  now.addresses = own_addresses();
  now.sockets = own_sockets();
  now.owners = {{{false, 53}, cgroups[1]},   {{true, 53}, cgroups[2]},   {{true, 1883}, cgroups[0]},
                {{false, 8125}, cgroups[3]}, {{true, 8125}, cgroups[4]}, {{false, 65535}, cgroups[0]},
                {{true, 0}, cgroups[2]}};
  now.owners_known = chance(85);
  now.mdns_listener = chance(50);
  return now;
}

std::uint16_t Biased::port() {
  static const std::vector<std::uint16_t> pool = {22,  53,   67,   68,   123,  319,  320,  443,   500, 546,
                                                  547, 1883, 4500, 5353, 8125, 9000, 9010, 51820, 0,   65535};
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
  rarer_fields(out);
  return out;
}

void Biased::rarer_fields(Rule& out) {
  static const std::vector<std::uint16_t> vlans = {1, 7, 10, 4094};
  static const std::vector<TcpFlags> flags = {{syn, syn},   {syn | ack, syn}, {ack, ack},       {0xff, ack},
                                              {0x80, 0x80}, {rst | fin, 0},   {0xff, syn | ack}};
  const auto range = [&](std::vector<Range16>& list, unsigned first, unsigned last) {
    list.push_back({narrow(first), narrow(std::min(last, first + below(20)))});
  };
  for (unsigned n = chance(12) ? 1 + below(2) : 0; n > 0; --n) range(out.dscp, below(64), 63);
  for (unsigned n = chance(12) ? 1 + below(2) : 0; n > 0; --n) range(out.vlan, pick(vlans), 4094);
  for (unsigned n = chance(12) ? 1 + below(2) : 0; n > 0; --n) out.tcp_flags.push_back(pick(flags));
  if (chance(12)) out.to.push_back(chance(50) ? Destination::us : Destination::forwarded);
  if (chance(3)) out.to = {Destination::us, Destination::forwarded};
  out.no_listener = chance(12);
  if (!chance(10)) return;
  const std::string& path = pick(cgroups);
  const auto slash = path.rfind('/');
  if (chance(60))
    out.owner.push_back({false, path.substr(slash + 1)});
  else
    out.owner.push_back({true, chance(50) ? path : path.substr(0, slash)});
}

Treatment Biased::treatment() {
  Treatment out;
  out.drop = chance(20);
  out.steer = chance(30);
  out.answer = chance(30);
  if (chance(20)) out.limit = 1 + below(1000);
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

}  // namespace ebb::test
