// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/tuple.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string_view>

#include "config/names.hpp"
#include "config/units.hpp"

namespace ebb {
namespace {

using nlohmann::json;

tl::unexpected<Error> wrong(const std::string& key, const std::string& expected) {
  return fail(key + " is not " + expected, "see agentctl explain --help", exit_usage);
}

// One of `words`, or a number up to `max`.
template <std::size_t N>
std::optional<std::uint8_t> named(std::string_view text, const std::array<std::string_view, N>& words,
                                  const std::array<std::uint8_t, N>& numbers, std::uint32_t max) {
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return numbers[static_cast<std::size_t>(found - words.begin())];
  const auto number = conf::parse_whole(text, max);
  if (!number) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

std::optional<std::uint8_t> parse_flags(std::string_view text) {
  std::uint8_t flags = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto found = std::ranges::find(conf::tcp_flag_words, text.substr(0, end));
    if (found == conf::tcp_flag_words.end()) return std::nullopt;
    flags = static_cast<std::uint8_t>(flags | 1U << (found - conf::tcp_flag_words.begin()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return flags;
}

std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (std::size_t bit = 0; bit < conf::tcp_flag_words.size(); ++bit)
    if (flags >> bit & 1) text.append(text.empty() ? "" : ",").append(conf::tcp_flag_words[bit]);
  return text;
}

std::string dscp_text(std::uint8_t dscp) {
  const auto name = conf::word_for(conf::dscp_words, conf::dscp_numbers, dscp);
  return name ? std::string(*name) : std::to_string(dscp);
}

// A member that is there and not null.
const json* member(const json& in, const char* key) {
  const auto found = in.find(key);
  return found == in.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<std::uint16_t>> number(const json& in, const char* key, std::uint16_t min,
                                            std::uint16_t max) {
  const json* value = member(in, key);
  if (!value) return std::optional<std::uint16_t>();
  const bool whole = value->is_number_integer();
  if (!whole || *value < min || *value > max)
    return wrong(key, "a number from " + std::to_string(min) + " to " + std::to_string(max));
  return std::optional(value->get<std::uint16_t>());
}

Result<std::optional<std::string>> text(const json& in, const char* key) {
  const json* value = member(in, key);
  if (!value) return std::optional<std::string>();
  if (!value->is_string()) return wrong(key, "a text");
  return std::optional(value->get<std::string>());
}

// The addresses, and with them the family.
Status read_addresses(const json& in, AskedTuple& out) {
  std::optional<bool> family;
  for (const auto& [key, where] : {std::pair{"src", &out.tuple.src}, std::pair{"dst", &out.tuple.dst}}) {
    const auto given = text(in, key);
    if (!given) return tl::unexpected(given.error());
    if (!*given) continue;
    bool ipv6 = false;
    const auto address = parse_address(**given, ipv6);
    if (!address) return wrong(key, "an IPv4 or IPv6 address: '" + **given + "'");
    if (family.value_or(ipv6) != ipv6) return fail("src and dst are of different families", "", exit_usage);
    family = ipv6;
    *where = *address;
    out.known_dst = out.known_dst || where == &out.tuple.dst;
  }
  if (out.tuple.proto == IPPROTO_ICMPV6) family = family.value_or(true);
  if (family.value_or(false)) out.tuple.ethertype = 0x86dd;
  const int foreign = out.tuple.ipv6() ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  if (out.tuple.proto == foreign)
    return fail("icmp goes with IPv4 addresses, icmpv6 with IPv6 addresses", "", exit_usage);
  return {};
}

Status read_words(const json& in, Tuple& out) {
  const auto proto = text(in, "proto"), delivery = text(in, "delivery"), flags = text(in, "tcp_flags"),
             dscp = text(in, "dscp");
  for (const auto* one : {&proto, &delivery, &flags, &dscp})
    if (!*one) return tl::unexpected(one->error());
  if (*proto) {
    const auto number = named(**proto, conf::proto_words, conf::proto_numbers, 255);
    if (!number) return wrong("proto", "a name (udp, tcp, icmp, icmpv6, ...) or a number from 0 to 255");
    out.proto = *number;
  }
  if (*delivery) {
    out.delivery = from_word<Delivery>(delivery_words, **delivery);
    if (!out.delivery) return wrong("delivery", "unicast, multicast or broadcast");
  }
  if (*flags) {
    const auto bits = parse_flags(**flags);
    if (!bits) return wrong("tcp_flags", "a list of fin, syn, rst, psh, ack, urg, ece, cwr");
    out.tcp_flags = *bits;
  }
  if (*dscp) {
    const auto number = named(**dscp, conf::dscp_words, conf::dscp_numbers, 63);
    if (!number) return wrong("dscp", "a name (ef, cs1, af41) or a number from 0 to 63");
    out.dscp = *number;
  }
  return {};
}

}  // namespace

json or_null(bool known, json value) { return known ? std::move(value) : json(nullptr); }

std::string address_text(const Address& address, bool ipv6) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ipv6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  return text.data();
}

std::optional<Address> parse_address(const std::string& text, bool& ipv6) {
  Address address{};
  ipv6 = text.find(':') != std::string::npos;
  if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::string proto_word(std::uint8_t proto) {
  const auto name = conf::word_for(conf::proto_words, conf::proto_numbers, proto);
  return name ? std::string(*name) : std::to_string(proto);
}

Result<AskedTuple> tuple_from_json(const json& in) {
  AskedTuple out;
  if (!in.is_object()) return wrong("tuple", "an object");
  if (auto read = read_words(in, out.tuple); !read) return tl::unexpected(read.error());
  if (auto read = read_addresses(in, out); !read) return tl::unexpected(read.error());
  const auto sport = number(in, "sport", 0, 65535), dport = number(in, "dport", 0, 65535),
             length = number(in, "length", 20, 65535), vlan = number(in, "vlan", 1, 4094);
  for (const auto* one : {&sport, &dport, &length, &vlan})
    if (!*one) return tl::unexpected(one->error());
  const bool ports = out.tuple.proto == IPPROTO_TCP || out.tuple.proto == IPPROTO_UDP;
  if (!ports && (*sport || *dport)) return fail("only tcp and udp have ports", "name --proto", exit_usage);
  if (ports) {
    out.tuple.sport = sport->value_or(0);
    out.tuple.dport = dport->value_or(0);
  }
  out.tuple.length = length->value_or(0);
  out.tuple.vlan = vlan->value_or(0);
  return out;
}

json endpoints_json(const Tuple& t) {
  const bool ip = t.ip();
  return {{"ethertype", t.ethertype},
          {"proto", or_null(ip, proto_word(t.proto))},
          {"src", or_null(ip, address_text(t.src, t.ipv6()))},
          {"sport", or_null(t.sport.has_value(), t.sport.value_or(0))},
          {"dst", or_null(ip, address_text(t.dst, t.ipv6()))},
          {"dport", or_null(t.dport.has_value(), t.dport.value_or(0))}};
}

json tuple_json(const Tuple& t) {
  json out = endpoints_json(t);
  out["delivery"] = or_null(t.delivery.has_value(), word(t.delivery.value_or(Delivery::unicast)));
  out["length"] = or_null(t.ip(), t.length);
  out["vlan"] = or_null(t.vlan != 0, t.vlan);
  out["dscp"] = or_null(t.ip(), dscp_text(t.dscp));
  out["tcp_flags"] = or_null(t.proto == IPPROTO_TCP && t.dport.has_value(), flags_text(t.tcp_flags));
  return out;
}

}  // namespace ebb
