// SPDX-License-Identifier: GPL-2.0-or-later
#include "requests.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace ebb::test {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_arp = 0x0806, ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t proto_icmp = 1, proto_icmpv6 = 58;

void add(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes address_bytes(const std::string& text) {
  const auto all = address(text);
  return {all.begin(), all.begin() + (text.find(':') == std::string::npos ? 4 : 16)};
}

Bytes ethernet(const Mac& to, const Mac& from, std::uint16_t type, const Bytes& body) {
  Bytes out(to.begin(), to.end());
  out.insert(out.end(), from.begin(), from.end());
  out.resize(14);
  put16(out, 12, type);
  add(out, body);
  return out;
}

struct Arp {
  std::uint16_t operation = 1;
  Mac sender_mac{};
  std::string sender;
  Mac target_mac{};
  std::string target;
  std::uint16_t hardware = 1;
};

Bytes arp_body(const Arp& arp) {
  Bytes out(8);
  put16(out, 0, arp.hardware);
  put16(out, 2, ethertype_ipv4);
  out[4] = 6;
  out[5] = 4;
  put16(out, 6, arp.operation);
  out.insert(out.end(), arp.sender_mac.begin(), arp.sender_mac.end());
  add(out, address_bytes(arp.sender));
  out.insert(out.end(), arp.target_mac.begin(), arp.target_mac.end());
  add(out, address_bytes(arp.target));
  return out;
}

struct Ip {
  std::string from, to;
  std::uint8_t tos = 0, hops = 64;
  std::uint16_t fragment = 0;  // IPv4 flags and offset
  Bytes options = {};          // IPv4; in IPv6 an extension header of that type
  std::uint8_t option_type = 0;
};

// The ICMP message `type` with `rest` behind its checksum, in its IP header.
Bytes icmp_packet(const Ip& ip, std::uint8_t type, std::uint8_t code, const Bytes& rest) {
  Bytes icmp{type, code, 0, 0};
  add(icmp, rest);
  const Bytes from = address_bytes(ip.from), to = address_bytes(ip.to);
  if (from.size() == 4) {
    put16(icmp, 2, internet_checksum(icmp));
    Bytes out(20);
    add(out, ip.options);
    out[0] = static_cast<std::uint8_t>(0x40 | out.size() / 4);
    out[1] = ip.tos;
    put16(out, 2, static_cast<std::uint16_t>(out.size() + icmp.size()));
    put16(out, 4, 0x1234);
    put16(out, 6, ip.fragment);
    out[8] = ip.hops;
    out[9] = proto_icmp;
    std::copy(from.begin(), from.end(), out.begin() + 12);
    std::copy(to.begin(), to.end(), out.begin() + 16);
    put16(out, 10, internet_checksum(out));
    add(out, icmp);
    return out;
  }
  Bytes addresses = from;
  add(addresses, to);
  put16(icmp, 2, internet_checksum(icmp, pseudo_header(addresses, proto_icmpv6, icmp.size())));
  Bytes out(8);
  put16(out, 0, static_cast<std::uint16_t>(0x6000 | ip.tos << 4));
  put16(out, 4, static_cast<std::uint16_t>(ip.options.size() + icmp.size()));
  out[6] = ip.options.empty() ? proto_icmpv6 : ip.option_type;
  out[7] = ip.hops;
  add(out, addresses);
  add(out, ip.options);
  add(out, icmp);
  return out;
}

Bytes echo_rest(std::size_t size, std::uint16_t id = 0x4242) {
  Bytes rest(4 + size);
  put16(rest, 0, id);
  put16(rest, 2, static_cast<std::uint16_t>(size));
  for (std::size_t i = 0; i < size; ++i) rest[4 + i] = static_cast<std::uint8_t>(i * 7 + 3);
  return rest;
}

Bytes solicitation_rest(const std::string& target, const Bytes& option) {
  Bytes rest(4);
  add(rest, address_bytes(target));
  add(rest, option);
  return rest;
}

Bytes link_option(const Mac& mac) {
  Bytes option{1, 1};
  option.insert(option.end(), mac.begin(), mac.end());
  return option;
}

std::string group_of(const std::string& target) {  // solicited-node multicast
  const Bytes bytes = address_bytes(target);
  char text[64];
  std::snprintf(text, sizeof text, "ff02::1:ff%02x:%02x%02x", bytes[13], bytes[14], bytes[15]);
  return text;
}

Mac group_mac(const std::string& group) {
  const Bytes bytes = address_bytes(group);
  return {0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]};
}

Bytes padded(Bytes frame, std::size_t to) {
  frame.resize(std::max(frame.size(), to), 0xee);
  return frame;
}

Bytes flipped(Bytes frame, std::size_t at) {
  frame[at] ^= 0x10;
  return frame;
}

void add_arp(std::vector<Request>& all, const Site& s, const Site& elsewhere) {
  const Arp good{1, s.near_mac, s.near4(), {}, s.node4()};
  const auto with = [&](const std::string& name, const Mac& to, const Mac& from,
                        const std::function<void(Arp&)>& change, bool plain = false) {
    Arp arp = good;
    change(arp);
    all.push_back({"ARP " + name, ethernet(to, from, ethertype_arp, arp_body(arp)), plain});
  };
  const Mac other{2, 0, 0, 0, 0, 0x99};
  const auto nothing = [](Arp&) {};
  with("broadcast", mac_broadcast, s.near_mac, nothing, true);
  with("unicast", s.node_mac, s.near_mac, nothing, true);
  with("with a target MAC", s.node_mac, s.near_mac, [&](Arp& a) { a.target_mac = s.node_mac; }, true);
  with(
      "of another host", mac_broadcast, other, [&](Arp& a) { a.sender_mac = other, a.sender = s.node4(78); },
      true);
  all.push_back({"ARP padded", padded(all.front().frame, 60), true});
  with("with two senders", mac_broadcast, s.near_mac, [&](Arp& a) { a.sender_mac = other; });
  with("to another MAC", other, s.near_mac, nothing);
  with("for somebody else", mac_broadcast, s.near_mac, [&](Arp& a) { a.target = s.node4(66); });
  with("for a broadcast address", mac_broadcast, s.near_mac, [&](Arp& a) { a.target = s.node4(255); });
  with("for loopback", mac_broadcast, s.near_mac, [](Arp& a) { a.target = "127.0.0.1"; });
  with("for the other interface", mac_broadcast, s.near_mac, [&](Arp& a) { a.target = elsewhere.node4(); });
  with("announcement", mac_broadcast, s.near_mac, [&](Arp& a) { a.target = a.sender; });
  with("from a group", mac_broadcast, s.near_mac, [](Arp& a) { a.sender = "224.0.0.1"; });
  with("reply", s.node_mac, s.near_mac, [](Arp& a) { a.operation = 2; });
  with("of another hardware", mac_broadcast, s.near_mac, [](Arp& a) { a.hardware = 7; });
}

void add_echo(std::vector<Request>& all, const Site& s, const Site& elsewhere, bool six) {
  const std::string family = six ? "ICMPv6" : "ICMP";
  const std::uint16_t type = six ? ethertype_ipv6 : ethertype_ipv4;
  const std::uint8_t ask = six ? 128 : 8;
  const std::size_t headers = six ? 40 : 20, room = 1500 - headers - 8;
  const Ip good{six ? s.near6() : s.near4(), six ? s.node6() : s.node4()};
  for (std::size_t size = 0; size <= room; ++size)
    all.push_back(
        {family + " echo of " + std::to_string(size) + " bytes", echo_request(s, good.to, size), true});
  const auto with = [&](const std::string& name, const std::function<void(Ip&)>& change, bool plain = false,
                        const Mac* to = nullptr, std::uint8_t code = 0, std::uint8_t kind = 0) {
    Ip ip = good;
    change(ip);
    all.push_back({family + " echo " + name,
                   ethernet(to ? *to : s.node_mac, s.near_mac, type,
                            icmp_packet(ip, kind ? kind : ask, code, echo_rest(56))),
                   plain});
  };
  const auto nothing = [](Ip&) {};
  for (const int tos : {0x04, 0x28, 0xb8, 0xff})
    with(
        "with traffic class " + std::to_string(tos), [&](Ip& ip) { ip.tos = static_cast<std::uint8_t>(tos); },
        true);
  with("with one hop left", [](Ip& ip) { ip.hops = 1; }, true);
  with("with 255 hops left", [](Ip& ip) { ip.hops = 255; }, true);
  with("of another address", [&](Ip& ip) { ip.from = six ? s.node6(77) : s.node4(77); });
  with("for somebody else", [&](Ip& ip) { ip.to = six ? s.node6(66) : s.node4(66); });
  with("for the other interface", [&](Ip& ip) { ip.to = six ? elsewhere.node6() : elsewhere.node4(); });
  with("from ourselves", [&](Ip& ip) { ip.from = ip.to; });
  with("from a group", [&](Ip& ip) { ip.from = six ? "ff02::1" : "224.0.0.1"; });
  with("for a group", [&](Ip& ip) { ip.to = six ? "ff02::1" : "224.0.0.1"; });
  with("to a broadcast MAC", nothing, false, &mac_broadcast);
  with("with code 1", nothing, false, nullptr, 1);
  with("reply", nothing, false, nullptr, 0, six ? 129 : 0);
  with(six ? "behind destination options" : "with options", [&](Ip& ip) {
    ip.options = six ? Bytes{58, 0, 1, 4, 0, 0, 0, 0} : Bytes{1, 1, 1, 0}, ip.option_type = 60;
  });
  if (!six) {
    with("that must not be fragmented", [](Ip& ip) { ip.fragment = 0x4000; }, true);
    with("fragment", [](Ip& ip) { ip.fragment = 0x2000; });
    with("for everybody", [](Ip& ip) { ip.to = "255.255.255.255"; }, false, &mac_broadcast);
    with("for everybody here", [&](Ip& ip) { ip.to = s.node4(255); }, false, &mac_broadcast);
  }
  const Bytes plain = echo_request(s, good.to, 100);
  all.push_back({family + " echo padded", padded(echo_request(s, good.to, 4), 70), false});
  all.push_back({family + " echo with an error in the payload", flipped(plain, plain.size() - 3)});
  all.push_back({family + " echo with an error in the checksum", flipped(plain, 14 + headers + 2)});
  all.push_back({family + " echo cut short", Bytes(plain.begin(), plain.end() - 20)});
  if (!six) all.push_back({"ICMP echo with an error in the IP header", flipped(plain, 14 + 8)});
}

void add_nd(std::vector<Request>& all, const Site& s, const Site& elsewhere) {
  const Mac other{2, 0, 0, 0, 0, 0x99};
  struct Ask {
    std::string from, target, to;  // to: "" is the target's group
    Bytes option;
    std::uint8_t hops = 255, code = 0;
    Mac mac{};
  };
  const auto with = [&](const std::string& name, const std::function<void(Ask&)>& change,
                        bool plain = false) {
    Ask a{s.near6(), s.node6(), "", link_option(s.near_mac)};
    change(a);
    const bool group = a.to.empty();
    const Ip ip{a.from, group ? group_of(a.target) : a.to, 0, a.hops};
    all.push_back(
        {"ND " + name,
         ethernet(group ? group_mac(ip.to) : s.node_mac, a.mac == Mac{} ? s.near_mac : a.mac, ethertype_ipv6,
                  icmp_packet(ip, 135, a.code, solicitation_rest(a.target, a.option))),
         plain});
  };
  with("multicast", [](Ask&) {}, true);
  with("unicast", [](Ask& a) { a.to = a.target; }, true);
  with(
      "of another host", [&](Ask& a) { a.from = s.node6(78), a.mac = other, a.option = link_option(other); },
      true);
  with("unicast without a link address", [](Ask& a) { a.to = a.target, a.option = {}; });
  with("multicast without a link address", [](Ask& a) { a.option = {}; });
  with("with a nonce", [](Ask& a) { add(a.option, {14, 1, 1, 2, 3, 4, 5, 6}); });
  with("with two senders", [&](Ask& a) { a.option = link_option(other); });
  with("for somebody else", [&](Ask& a) { a.target = s.node6(66); });
  with("for the other interface", [&](Ask& a) { a.target = elsewhere.node6(); });
  with("for a group", [](Ask& a) { a.target = "ff02::1"; });
  with("for loopback", [](Ask& a) { a.target = "::1"; });
  with("from afar", [](Ask& a) { a.hops = 254; });
  with("with code 1", [](Ask& a) { a.code = 1; });
  with("with an empty option", [](Ask& a) { a.option[1] = 0; });
  const Bytes plain = solicitation(s, s.node6());
  all.push_back({"ND with an error in the checksum", flipped(plain, 14 + 40 + 2)});
  all.push_back({"ND with an error in the target", flipped(plain, 14 + 40 + 8 + 3)});
  all.push_back({"ND cut short", Bytes(plain.begin(), plain.end() - 4)});
}

}  // namespace

std::string mac_text(const Mac& m) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
  return text;
}

Bytes arp_request(const Site& site, const std::string& target) {
  return ethernet(mac_broadcast, site.near_mac, ethertype_arp,
                  arp_body({1, site.near_mac, site.near4(), {}, target}));
}

Bytes echo_request(const Site& site, const std::string& target, std::size_t size) {
  const bool six = target.find(':') != std::string::npos;
  const Ip ip{six ? site.near6() : site.near4(), target};
  return ethernet(site.node_mac, site.near_mac, six ? ethertype_ipv6 : ethertype_ipv4,
                  icmp_packet(ip, six ? 128 : 8, 0, echo_rest(size)));
}

Bytes solicitation(const Site& site, const std::string& target) {
  const Ip ip{site.near6(), group_of(target), 0, 255};
  return ethernet(group_mac(ip.to), site.near_mac, ethertype_ipv6,
                  icmp_packet(ip, 135, 0, solicitation_rest(target, link_option(site.near_mac))));
}

std::vector<Request> all_requests(const Site& site, const Site& elsewhere) {
  std::vector<Request> all;
  add_arp(all, site, elsewhere);
  add_nd(all, site, elsewhere);
  add_echo(all, site, elsewhere, false);
  add_echo(all, site, elsewhere, true);
  return all;
}

std::vector<Request> probes(const Site& s, const std::string& ipv4, const std::string& ipv6) {
  const Ip ip{"::", group_of(ipv6), 0, 255};
  const Arp probe{1, s.near_mac, "0.0.0.0", {}, ipv4};
  return {{"ARP probe", ethernet(mac_broadcast, s.near_mac, ethertype_arp, arp_body(probe))},
          {"duplicate address detection", ethernet(group_mac(ip.to), s.near_mac, ethertype_ipv6,
                                                   icmp_packet(ip, 135, 0, solicitation_rest(ipv6, {})))}};
}

bool is_reply(const Bytes& f) {
  if (f.size() < 42) return false;
  const std::uint16_t type = get16(f, 12);
  if (type == ethertype_arp) return get16(f, 20) == 2;
  if (type == ethertype_ipv4) return f[23] == proto_icmp && f[14 + (f[14] & 15) * 4u] == 0;
  return type == ethertype_ipv6 && f.size() >= 62 && f[20] == proto_icmpv6 && (f[54] == 129 || f[54] == 136);
}

std::optional<Bytes> meaning(const Bytes& frame) {
  Bytes f = frame;
  const std::uint16_t type = get16(f, 12);
  if (type == ethertype_arp) {
    f.resize(42);
    return f;
  }
  const std::size_t size = 14u + (type == ethertype_ipv4 ? get16(f, 16) : 40u + get16(f, 18));
  if (f.size() < size) return std::nullopt;
  f.resize(size);
  const std::span<const std::uint8_t> all(f);
  if (type == ethertype_ipv4) {
    const std::size_t header = (f[14] & 15) * 4u;
    if (internet_checksum(all.subspan(14, header)) || internet_checksum(all.subspan(14 + header)))
      return std::nullopt;
    put16(f, 18, 0);  // identification, and with it the checksum
    put16(f, 24, 0);
    return f;
  }
  if (internet_checksum(all.subspan(54), pseudo_header(all.subspan(22, 32), proto_icmpv6, size - 54)))
    return std::nullopt;
  f[15] &= 0xf0;  // flow label
  put16(f, 16, 0);
  return f;
}

}  // namespace ebb::test
