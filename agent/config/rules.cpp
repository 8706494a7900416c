// SPDX-License-Identifier: GPL-2.0-or-later
// One entry of `match`, and whether any packet can match it.
#include <algorithm>

#include "config/fields.hpp"
#include "config/names.hpp"
#include "config/parts.hpp"
#include "config/reach.hpp"

namespace ebb::conf {
namespace {

bool has_proto(const Rule& rule, std::initializer_list<std::uint8_t> protos) {
  return rule.proto.empty() || std::any_of(rule.proto.begin(), rule.proto.end(), [&](std::uint8_t p) {
           return std::find(protos.begin(), protos.end(), p) != protos.end();
         });
}

// Why its protocols cannot have what it names, or nothing.
std::string why_no_transport(const Rule& rule) {
  if (!rule.tcp_flags.empty() && !has_proto(rule, {IPPROTO_TCP})) return "only TCP has TCP flags";
  if (!names_transport(rule) || has_proto(rule, {IPPROTO_TCP, IPPROTO_UDP})) return {};
  return rule.sport.empty() && rule.dport.empty() ? "only TCP and UDP have listeners and services"
                                                  : "ports are read in TCP and UDP only";
}

// Why nothing that it names can go where it says, or nothing.
std::string why_no_destination(const Rule& rule) {
  if (rule.to.empty()) return {};
  if (!rule.delivery.empty() &&
      std::find(rule.delivery.begin(), rule.delivery.end(), Delivery::unicast) == rule.delivery.end())
    return "multicast and broadcast are neither to us nor forwarded";
  if (!rule.owner.empty() && std::find(rule.to.begin(), rule.to.end(), Destination::us) == rule.to.end())
    return "a forwarded packet goes to no service of this machine";
  return {};
}

// Why no packet can match, or nothing.
std::string why_nothing(const Rule& rule) {
  const Families families = families_of(rule);
  if (names_ip(rule) && !rule.ethertype.empty() && !names_ip_ethertype(rule))
    return "only IPv4 and IPv6 packets have a protocol, ports, addresses, a length, a DSCP or a destination";
  if (names_ip(rule) && !families.ipv4 && !families.ipv6)
    return rule.ethertype.empty() ? "src and dst have no address family in common"
                                  : "the addresses and the ethertype have no address family in common";
  if (std::string why = why_no_transport(rule); !why.empty()) return why;
  if (std::string why = why_no_destination(rule); !why.empty()) return why;
  const unsigned shortest = families.ipv4 ? 20 : 40;  // the IP header
  if (!rule.length.empty() &&
      std::all_of(rule.length.begin(), rule.length.end(), [&](Range16 r) { return r.last < shortest; }))
    return "an " + std::string(families.ipv4 ? "IPv4" : "IPv6") + " packet is at least " +
           std::to_string(shortest) + " bytes long";
  return {};
}

}  // namespace

Rule read_rule(Reader& in, const Value& table) {
  static constexpr std::array<std::string_view, 1> listener_words = {"none"};
  Rule rule;
  rule.where = in.where(table.at);
  // A field that puts what `read` makes of each value into `list`.
  const auto into = [&in](auto& list, auto read) {
    return [&in, &list, read](const Value& value) {
      in.each(value, [&](const Value& v) { list.push_back(read(in, v)); });
    };
  };
  in.table(table, {{"ethertype", into(rule.ethertype, read_ethertype)},
                   {"proto", into(rule.proto, read_proto)},
                   {"sport", into(rule.sport, read_port)},
                   {"dport", into(rule.dport, read_port)},
                   {"src", into(rule.src, read_prefix)},
                   {"dst", into(rule.dst, read_prefix)},
                   {"delivery", into(rule.delivery, read_delivery)},
                   {"length", into(rule.length, read_length)},
                   {"dscp", into(rule.dscp, read_dscp)},
                   {"vlan", into(rule.vlan, read_vlan)},
                   {"tcp_flags", into(rule.tcp_flags, read_tcp_flags)},
                   {"to", into(rule.to, read_destination)},
                   {"listener", [&](const Value& v) { rule.no_listener = in.word(v, listener_words) == 0; }},
                   {"service", into(rule.owner, read_service)},
                   {"cgroup", into(rule.owner, read_cgroup)}});
  if (std::any_of(rule.owner.begin(), rule.owner.end(),
                  [&](const Owner& owner) { return owner.cgroup != rule.owner.front().cgroup; }))
    in.fail(table.at, "service and cgroup stand in one rule",
            "keep one, or write two rules: a class matches when one of its rules does");
  if (const std::string why = why_nothing(rule); !why.empty())
    in.fail(table.at, "no packet can match this rule: " + why,
            "remove one of the keys that exclude each other");
  return rule;
}

}  // namespace ebb::conf
