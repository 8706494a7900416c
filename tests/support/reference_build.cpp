// SPDX-License-Identifier: GPL-2.0-or-later
// The packets that treatments make, built afresh.
#include "support/reference_parts.hpp"

namespace ebb::test {
namespace {

// An Internet checksum that was wrong by some amount stays wrong by that amount.
std::uint16_t carry_error(std::uint16_t stored, std::uint16_t right_before, std::uint16_t right_after) {
  return static_cast<std::uint16_t>((stored + 65535u - right_before + right_after) % 65535u);
}

Bytes part(const Bytes& bytes, std::size_t from, std::size_t to) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to)};
}

void copy(const Bytes& from, std::size_t at, std::size_t size, Bytes& to, std::size_t where) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), size,
              to.begin() + static_cast<std::ptrdiff_t>(where));
}

std::uint16_t ipv4_checksum(const Bytes& frame) {
  Bytes header = part(frame, 14, 34);
  put16(header, 10, 0);
  return internet_checksum(header);
}

// Of the ICMPv6 message behind the IPv6 header; 0 if it is right as it stands.
std::uint16_t icmpv6_checksum(const Bytes& frame, std::size_t end) {
  const Bytes message = part(frame, 54, end);
  return internet_checksum(message, pseudo_header(part(frame, 22, 54), 58, message.size()));
}

// May a packet from this address be a plain request?
bool can_ask(const Situation& now, const Bytes& frame, std::size_t at, bool ipv6) {
  Address source{};
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), ipv6 ? 16 : 4, source.begin());
  for (const OwnAddress& own : now.addresses)
    if (own.ipv6 == ipv6 && own.address == source) return false;
  if (!ipv6) return source[0] != 0 && source[0] != 127 && source[0] < 224;
  const bool low = std::all_of(source.begin(), source.begin() + 12, [](std::uint8_t b) { return b == 0; });
  return !low && source[0] != 0xff;  // neither ::, ::1 nor a group
}

bool answers_for(const Situation& now, const Bytes& frame, std::size_t at, bool ipv6) {
  return std::any_of(now.addresses.begin(), now.addresses.end(), [&](const OwnAddress& own) {
    return own.ipv6 == ipv6 && own.here && own.answer &&
           std::equal(own.address.begin(), own.address.begin() + (ipv6 ? 16 : 4),
                      frame.begin() + static_cast<std::ptrdiff_t>(at));
  });
}

// RFC 826
std::optional<Bytes> arp_reply(const Bytes& frame, const Situation& now) {
  const Bytes plain = {0, 1, 8, 0, 6, 4, 0, 1};  // Ethernet, IPv4, request
  if (frame.size() < 42 || part(frame, 14, 22) != plain || !(now.iface & EBB_IF_ARP)) return std::nullopt;
  if (part(frame, 22, 28) != part(frame, 6, 12) || !can_ask(now, frame, 28, false) ||
      !answers_for(now, frame, 38, false))
    return std::nullopt;
  Bytes out = frame;
  put16(out, 20, 2);
  std::copy_n(now.macs[0].begin(), 6, out.begin() + 22);
  copy(frame, 38, 4, out, 28);
  copy(frame, 22, 10, out, 32);
  return out;
}

// RFC 792, RFC 1122 3.2.2.6
std::optional<Bytes> echo4_reply(const Bytes& frame, const Parsed& p, const Situation& now) {
  if (p.l4 != 34 || frame[34] != 8 || frame[35] != 0 || !(now.iface & EBB_IF_ECHO4) ||
      !can_ask(now, frame, 26, false) || !answers_for(now, frame, 30, false))
    return std::nullopt;
  Bytes out = frame;
  put16(out, 20, 0);  // may be fragmented
  out[22] = 64;
  copy(frame, 26, 4, out, 30);
  copy(frame, 30, 4, out, 26);
  put16(out, 24, carry_error(get16(frame, 24), ipv4_checksum(frame), ipv4_checksum(out)));
  out[34] = 0;
  const auto sum = [&](const Bytes& f) {
    Bytes message = part(f, 34, p.end);
    put16(message, 2, 0);
    return internet_checksum(message);
  };
  put16(out, 36, carry_error(get16(frame, 36), sum(frame), sum(out)));
  return out;
}

// RFC 4443 4.2
std::optional<Bytes> echo6_reply(const Bytes& frame, const Parsed& p, const Situation& now) {
  if (frame[55] != 0 || !(now.iface & EBB_IF_ECHO6) || !answers_for(now, frame, 38, true))
    return std::nullopt;
  Bytes out = frame;
  out[15] &= 0xf0;  // the flow label is ours to choose
  put16(out, 16, 0);
  out[21] = 64;
  copy(frame, 22, 16, out, 38);
  copy(frame, 38, 16, out, 22);
  out[54] = 129;
  const auto sum = [&](Bytes f) {
    put16(f, 56, 0);
    return icmpv6_checksum(f, p.end);
  };
  put16(out, 56, carry_error(get16(frame, 56), sum(frame), sum(out)));
  return out;
}

// RFC 4861 7.2.4. Linux names its link address, and overrides, only where the solicitation went to a group.
std::optional<Bytes> neighbour_advertisement(const Bytes& frame, const Parsed& p, const Situation& now) {
  const bool group = frame[38] == 0xff;
  const Bytes source_link_address = {1, 1};
  if (p.end != 86 || frame[21] != 255 || frame[55] != 0 || part(frame, 78, 80) != source_link_address ||
      part(frame, 80, 86) != part(frame, 6, 12) || (!group && part(frame, 38, 54) != part(frame, 62, 78)) ||
      !(now.iface & EBB_IF_ND) || !answers_for(now, frame, 62, true) || icmpv6_checksum(frame, p.end) != 0)
    return std::nullopt;
  Bytes out(group ? 86 : 78, 0);
  out[14] = 0x60;
  put16(out, 12, 0x86dd);
  put16(out, 18, group ? 32 : 24);
  out[20] = 58;
  out[21] = 255;
  copy(frame, 62, 16, out, 22);
  copy(frame, 22, 16, out, 38);
  out[54] = 136;
  out[58] = static_cast<std::uint8_t>((now.iface & EBB_IF_ROUTER ? 0x80 : 0) | 0x40 | (group ? 0x20 : 0));
  copy(frame, 62, 16, out, 62);
  if (group) {
    out[78] = 2;
    out[79] = 1;
    std::copy_n(now.macs[0].begin(), 6, out.begin() + 80);
  }
  put16(out, 56, icmpv6_checksum(out, out.size()));
  return out;
}

}  // namespace

// The UDP datagram of `frame` with `keep` bytes of payload, nothing behind it.
Bytes shorten(const Bytes& frame, const Parsed& p, std::size_t keep) {
  const std::size_t addresses = p.fields.ipv6 ? 16 : 4;
  const auto right_udp = [&](const Bytes& f, std::size_t end) {
    Bytes l4(f.begin() + static_cast<std::ptrdiff_t>(p.l4), f.begin() + static_cast<std::ptrdiff_t>(end));
    put16(l4, 6, 0);
    Bytes pair(p.fields.src.begin(), p.fields.src.begin() + static_cast<std::ptrdiff_t>(addresses));
    pair.insert(pair.end(), p.fields.dst.begin(),
                p.fields.dst.begin() + static_cast<std::ptrdiff_t>(addresses));
    return internet_checksum(l4, pseudo_header(pair, 17, l4.size()));
  };
  const auto right_ip = [&](const Bytes& f) {
    Bytes ip(f.begin() + static_cast<std::ptrdiff_t>(p.l3), f.begin() + static_cast<std::ptrdiff_t>(p.l4));
    put16(ip, 10, 0);
    return internet_checksum(ip);
  };
  const std::size_t end = p.l4 + 8 + keep;
  Bytes out(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(end));
  put16(out, p.l4 + 4, static_cast<std::uint16_t>(8 + keep));
  if (p.fields.ipv6)
    put16(out, p.l3 + 4, static_cast<std::uint16_t>(end - p.l3 - 40));
  else {
    put16(out, p.l3 + 2, static_cast<std::uint16_t>(end - p.l3));
    put16(out, p.l3 + 10, carry_error(get16(frame, p.l3 + 10), right_ip(frame), right_ip(out)));
  }
  if (const auto stored = get16(frame, p.l4 + 6)) {
    const auto check = carry_error(stored, right_udp(frame, p.end), right_udp(out, end));
    put16(out, p.l4 + 6, check ? check : 0xffff);
  }
  return out;
}

std::optional<Bytes> reply(const Bytes& frame, const Parsed& p, const Situation& now) {
  if (p.tagged || p.fragment || frame[6] & 1) return std::nullopt;
  const Fields& f = p.fields;
  const bool arp = f.ethertype == 0x0806, icmp6 = f.ip && f.ipv6 && f.proto == 58 && p.l4 == 54;
  const bool solicitation = icmp6 && frame[54] == 135;
  const bool to_us =
      f.delivery == Delivery::unicast && std::equal(now.macs[0].begin(), now.macs[0].end(), frame.begin());
  if (!to_us && (f.delivery == Delivery::unicast || !(arp || solicitation))) return std::nullopt;

  std::optional<Bytes> out;
  if (arp)
    out = arp_reply(frame, now);
  else if (f.ip && !f.ipv6 && f.proto == 1)
    out = echo4_reply(frame, p, now);
  else if (icmp6 && can_ask(now, frame, 22, true))
    out = solicitation       ? neighbour_advertisement(frame, p, now)
          : frame[54] == 128 ? echo6_reply(frame, p, now)
                             : std::nullopt;
  if (!out) return std::nullopt;
  copy(frame, 6, 6, *out, 0);
  std::copy_n(now.macs[0].begin(), 6, out->begin() + 6);
  return out;
}

}  // namespace ebb::test
