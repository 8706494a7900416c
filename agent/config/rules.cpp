// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of `match`, and whether any packet can match it.
#include <netinet/in.h>

#include <algorithm>

#include "config/parts.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 9> proto_words = {"tcp",  "udp", "icmp", "icmpv6", "igmp",
                                                         "sctp", "gre", "esp",  "ah"};
constexpr std::array<std::uint8_t, 9> proto_numbers = {IPPROTO_TCP,    IPPROTO_UDP,  IPPROTO_ICMP,
                                                       IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_SCTP,
                                                       IPPROTO_GRE,    IPPROTO_ESP,  IPPROTO_AH};
constexpr std::array<std::string_view, 3> ethertype_words = {"ipv4", "ipv6", "arp"};
constexpr std::array<Range16, 3> ethertypes = {ethertype_ipv4, ethertype_ipv6, ethertype_arp};

std::uint8_t read_proto(Reader& in, const Value& value) {
  if (value.type == Value::Type::integer)
    return static_cast<std::uint8_t>(in.integer(value, "an IP protocol from 0 to 255", 0, 255));
  return proto_numbers[in.word(value, proto_words, ", or a number from 0 to 255")];
}

Range16 read_ethertype(Reader& in, const Value& value) {
  // Smaller numbers are the length of an IEEE 802.3 frame.
  if (value.type != Value::Type::integer)
    return ethertypes[in.word(value, ethertype_words, ", or a number like 0x88cc")];
  const auto number = in.integer(value, "an ethertype from 0x0600 to 0xffff", 0x0600, 0xffff);
  return {static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(number)};
}

// A port or a length: 80, "80", "9000-9010" and, with `bounds`, "< 100", "> 1000".
Range16 read_range(Reader& in, const Value& value, const std::string& what, bool bounds) {
  if (value.type == Value::Type::integer) {
    const auto number = static_cast<std::uint16_t>(in.integer(value, what, 0, 65535));
    return {number, number};
  }
  const std::string text = text_of(value);
  if (const auto bound = bounds ? parse_bound(text) : std::nullopt) {
    if (bound->first > bound->last)
      in.fail(value.at, in_quotes(text) + " is no length at all", "lengths go from 0 to 65535");
    return {static_cast<std::uint16_t>(bound->first), static_cast<std::uint16_t>(bound->last)};
  }
  const auto range = parse_range(text);
  if (!range) in.expected(value, what);
  if (range && range->first > range->last)
    in.fail(value.at, "the range " + in_quotes(text) + " is empty",
            "write the smaller number first: \"" + std::to_string(range->last) + "-" +
                std::to_string(range->first) + "\"");
  return range.value_or(Range16{});
}

Prefix read_prefix(Reader& in, const Value& value) {
  const std::string what = "an address or prefix such as \"192.0.2.0/24\" or \"2001:db8::1\"";
  const auto prefix = parse_prefix(text_of(value));
  if (!prefix) in.expected(value, what);
  if (!prefix) return {};
  if (masked(*prefix) != *prefix)
    in.fail(value.at, in_quotes(value.text) + " has address bits behind its length",
            "did you mean \"" + prefix_text(masked(*prefix)) + "\"?");
  return *prefix;
}

bool names(const std::vector<Range16>& list, Range16 wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool has_family(const std::vector<Prefix>& list, bool ipv6) {
  return list.empty() ||
         std::any_of(list.begin(), list.end(), [&](const Prefix& p) { return p.ipv6 == ipv6; });
}

// Why no packet can match, or nothing.
std::string why_nothing(const Rule& rule) {
  const bool ports = !rule.sport.empty() || !rule.dport.empty();
  const bool addresses = !rule.src.empty() || !rule.dst.empty();
  const bool any_ethertype = rule.ethertype.empty();
  const bool ipv4 = any_ethertype || names(rule.ethertype, ethertype_ipv4);
  const bool ipv6 = any_ethertype || names(rule.ethertype, ethertype_ipv6);
  if (!ipv4 && !ipv6 && (ports || addresses || !rule.proto.empty() || !rule.length.empty()))
    return "only IPv4 and IPv6 packets have a protocol, ports, addresses and a length";
  const bool ipv4_fits = ipv4 && has_family(rule.src, false) && has_family(rule.dst, false);
  const bool ipv6_fits = ipv6 && has_family(rule.src, true) && has_family(rule.dst, true);
  if (addresses && !ipv4_fits && !ipv6_fits)
    return any_ethertype ? "src and dst have no address family in common"
                         : "the addresses and the ethertype have no address family in common";
  const bool has_ports =
      rule.proto.empty() || std::any_of(rule.proto.begin(), rule.proto.end(),
                                        [](std::uint8_t p) { return p == IPPROTO_TCP || p == IPPROTO_UDP; });
  if (ports && !has_ports) return "ports are read in TCP and UDP only";
  const unsigned shortest = ipv4_fits ? 20 : 40;  // the IP header
  if (!rule.length.empty() &&
      std::all_of(rule.length.begin(), rule.length.end(), [&](Range16 r) { return r.last < shortest; }))
    return "an " + std::string(ipv4_fits ? "IPv4" : "IPv6") + " packet is at least " +
           std::to_string(shortest) + " bytes long";
  return {};
}

}  // namespace

Rule read_rule(Reader& in, const Value& table) {
  const std::string port = "a port from 0 to 65535 or a range such as \"9000-9010\"";
  const std::string length = "a length from 0 to 65535, \"64-128\", \"< 100\" or \"> 1000\"";
  Rule rule;
  rule.where = in.where(table.at);
  // A field that puts what `read` makes of each value into `list`.
  const auto into = [&in](auto& list, auto read) {
    return [&in, &list, read](const Value& value) {
      in.each(value, [&](const Value& v) { list.push_back(read(in, v)); });
    };
  };
  const auto read_port = [&](Reader& r, const Value& v) { return read_range(r, v, port, false); };
  const auto read_length = [&](Reader& r, const Value& v) { return read_range(r, v, length, true); };
  const auto read_delivery = [](Reader& r, const Value& v) {
    return static_cast<Delivery>(r.word(v, delivery_words));
  };
  in.table(table, {{"ethertype", into(rule.ethertype, read_ethertype)},
                   {"proto", into(rule.proto, read_proto)},
                   {"sport", into(rule.sport, read_port)},
                   {"dport", into(rule.dport, read_port)},
                   {"src", into(rule.src, read_prefix)},
                   {"dst", into(rule.dst, read_prefix)},
                   {"delivery", into(rule.delivery, read_delivery)},
                   {"length", into(rule.length, read_length)}});
  if (const std::string why = why_nothing(rule); !why.empty())
    in.fail(table.at, "no packet can match this rule: " + why,
            "remove one of the keys that exclude each other");
  return rule;
}

}  // namespace ebb::conf
