// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/frame.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ebb {
namespace {

constexpr std::size_t min_frame = 60, max_frame = 65550;  // bytes, without the checksum
constexpr std::size_t ethernet_header = 14, vlan_tag = 4, ipv4_header = 20, ipv6_header = 40;

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& out, std::size_t at, std::size_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value);
}
std::uint16_t get16(std::span<const std::uint8_t> in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}

std::size_t l4_size(std::uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP:
      return 20;
    case IPPROTO_UDP:
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return 8;
    default:
      return 0;
  }
}

Delivery natural_delivery(const Tuple& t) {
  if (t.ipv6()) return t.dst[0] == 0xff ? Delivery::multicast : Delivery::unicast;
  if (std::all_of(t.dst.begin(), t.dst.begin() + 4, [](std::uint8_t byte) { return byte == 0xff; }))
    return Delivery::broadcast;
  return t.dst[0] >> 4 == 14 ? Delivery::multicast : Delivery::unicast;
}

// RFC 1112 and RFC 2464.
Mac destination_mac(const Tuple& t, const Mac& own) {
  switch (t.delivery.value_or(natural_delivery(t))) {
    case Delivery::broadcast:
      return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    case Delivery::multicast:
      if (t.ipv6()) return {0x33, 0x33, t.dst[12], t.dst[13], t.dst[14], t.dst[15]};
      return {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(t.dst[1] & 0x7f), t.dst[2], t.dst[3]};
    default:
      return own;
  }
}

// RFC 1071.
std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 ? 0 : 8);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void put_l4(const Tuple& t, Bytes& out, std::size_t at, std::size_t bytes) {
  std::size_t sum_at = 0;
  if (t.proto == IPPROTO_UDP || t.proto == IPPROTO_TCP) {
    put16(out, at, t.sport.value_or(0));
    put16(out, at + 2, t.dport.value_or(0));
  }
  if (t.proto == IPPROTO_UDP) {
    put16(out, at + 4, bytes);
    sum_at = at + 6;
  } else if (t.proto == IPPROTO_TCP) {
    out[at + 12] = 5 << 4;
    out[at + 13] = t.tcp_flags;
    put16(out, at + 14, 65535);  // window
    sum_at = at + 16;
  } else if (l4_size(t.proto)) {
    out[at] = t.ipv6() ? 128 : 8;
    sum_at = at + 2;
  } else {
    return;
  }
  std::uint32_t pseudo = 0;
  if (t.proto != IPPROTO_ICMP) {
    pseudo = static_cast<std::uint32_t>(bytes) + t.proto;
    for (const auto& address : {t.src, t.dst})  // behind the bytes of IPv4 there are zeros
      for (std::size_t i = 0; i < address.size(); i += 2) pseudo += get16(address, i);
  }
  const auto sum = checksum(std::span(out).subspan(at, bytes), pseudo);
  put16(out, sum_at, sum == 0 && t.proto == IPPROTO_UDP ? 0xffff : sum);
}

// Where the protocol behind the extension headers begins; false: it cannot be told.
bool skip_extensions(std::span<const std::uint8_t> in, std::size_t& at, std::uint8_t& proto) {
  while (proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS) {
    if (at + 8 > in.size()) return false;
    proto = in[at];
    at += 8 + std::size_t{8} * in[at + 1];
  }
  return proto != IPPROTO_FRAGMENT;
}

}  // namespace

Result<Bytes> build_frame(const Tuple& t, const Mac& own) {
  const std::size_t l3 = ethernet_header + (t.vlan ? vlan_tag : 0);
  const std::size_t header = t.ipv6() ? ipv6_header : ipv4_header;
  const std::size_t length = t.length ? t.length : header + l4_size(t.proto);
  if (length < header + l4_size(t.proto))
    return fail("a length of " + std::to_string(length) + " does not hold the headers",
                "at least " + std::to_string(header + l4_size(t.proto)), exit_usage);
  Bytes out(std::max(l3 + length, min_frame));
  const auto mac = destination_mac(t, own);
  std::ranges::copy(mac, out.begin());
  out[6] = 0x02;  // a neighbour: locally administered
  out[11] = 0xfe;
  if (t.vlan) {
    put16(out, 12, 0x8100);
    put16(out, 14, t.vlan);
  }
  put16(out, l3 - 2, t.ethertype);
  if (t.ipv6()) {
    put16(out, l3, 0x6000U | static_cast<unsigned>(t.dscp) << 6);
    put16(out, l3 + 4, length - header);
    out[l3 + 6] = t.proto;
    out[l3 + 7] = 64;
    std::ranges::copy(t.src, out.begin() + static_cast<std::ptrdiff_t>(l3 + 8));
    std::ranges::copy(t.dst, out.begin() + static_cast<std::ptrdiff_t>(l3 + 24));
  } else {
    out[l3] = 0x45;
    out[l3 + 1] = static_cast<std::uint8_t>(t.dscp << 2);
    put16(out, l3 + 2, length);
    out[l3 + 8] = 64;
    out[l3 + 9] = t.proto;
    std::copy_n(t.src.begin(), 4, out.begin() + static_cast<std::ptrdiff_t>(l3 + 12));
    std::copy_n(t.dst.begin(), 4, out.begin() + static_cast<std::ptrdiff_t>(l3 + 16));
    put16(out, l3 + 10, checksum(std::span(out).subspan(l3, header)));
  }
  put_l4(t, out, l3 + header, length - header);
  return out;
}

std::optional<Tuple> read_frame(std::span<const std::uint8_t> in) {
  if (in.size() < ethernet_header) return std::nullopt;
  Tuple t;
  const bool all = std::all_of(in.begin(), in.begin() + 6, [](std::uint8_t byte) { return byte == 0xff; });
  t.delivery = all ? Delivery::broadcast : in[0] & 1 ? Delivery::multicast : Delivery::unicast;
  std::size_t at = ethernet_header;
  t.ethertype = get16(in, 12);
  for (int tags = 0; tags < 2 && (t.ethertype == 0x8100 || t.ethertype == 0x88a8); ++tags, at += vlan_tag) {
    if (at + vlan_tag > in.size()) return std::nullopt;
    if (tags == 0) t.vlan = get16(in, at) & 0xfff;
    t.ethertype = get16(in, at + 2);
  }
  if (!t.ip()) return t;
  const std::size_t header = t.ipv6() ? ipv6_header : ipv4_header;
  if (at + header > in.size()) return std::nullopt;
  std::size_t l4 = at + header;
  bool ports = true;
  if (t.ipv6()) {
    t.dscp = static_cast<std::uint8_t>(get16(in, at) >> 6 & 63);
    t.length = static_cast<std::uint16_t>(ipv6_header + get16(in, at + 4));
    t.proto = in[at + 6];
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at + 8), 16, t.src.begin());
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at + 24), 16, t.dst.begin());
    ports = skip_extensions(in, l4, t.proto);
  } else {
    l4 = at + std::size_t{4} * (in[at] & 15);
    t.dscp = in[at + 1] >> 2;
    t.length = get16(in, at + 2);
    ports = (get16(in, at + 6) & 0x3fff) == 0;
    t.proto = in[at + 9];
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at + 12), 4, t.src.begin());
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at + 16), 4, t.dst.begin());
  }
  ports = ports && (t.proto == IPPROTO_TCP || t.proto == IPPROTO_UDP);
  if (ports && l4 + l4_size(t.proto) <= in.size()) {
    t.sport = get16(in, l4);
    t.dport = get16(in, l4 + 2);
    if (t.proto == IPPROTO_TCP) t.tcp_flags = in[l4 + 13];
  }
  return t;
}

Result<Bytes> parse_hex(const std::string& text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == ':' || c == '\n' || c == '\t') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0)
      return fail(std::string("the packet is not hexadecimal: '") + c + "'",
                  "two digits a byte, from the Ethernet header on: tcpdump -xx", exit_usage);
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  if (high >= 0) return fail("the packet has an odd number of digits", "two digits a byte", exit_usage);
  if (out.size() < ethernet_header || out.size() > max_frame)
    return fail("a packet of " + std::to_string(out.size()) + " bytes cannot come over Ethernet",
                "from the Ethernet header on: 14 to 65550 bytes", exit_usage);
  return out;
}

}  // namespace ebb
