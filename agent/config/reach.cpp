// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/reach.hpp"

#include <algorithm>

#include "config/names.hpp"

namespace ebb::conf {
namespace {

template <typename T>
bool holds(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

template <typename T>
bool accepts(const std::vector<T>& list, const T& item) {
  return list.empty() || holds(list, item);
}

bool has_family(const std::vector<Prefix>& list, bool ipv6) {
  return list.empty() ||
         std::any_of(list.begin(), list.end(), [&](const Prefix& p) { return p.ipv6 == ipv6; });
}

bool only_ip(const Rule& rule) {
  return !rule.ethertype.empty() && std::all_of(rule.ethertype.begin(), rule.ethertype.end(), [](Range16 e) {
    return e == ethertype_ipv4 || e == ethertype_ipv6;
  });
}

void spell_transport(Rule& rule) {
  std::vector<std::uint8_t> possible;
  for (const std::uint8_t proto : {IPPROTO_TCP, IPPROTO_UDP})
    if (accepts(rule.proto, proto) && (proto == IPPROTO_TCP || rule.tcp_flags.empty()))
      possible.push_back(proto);
  rule.proto = possible;
  if (rule.sport.empty()) rule.sport = {{0, 65535}};
  if (rule.dport.empty()) rule.dport = {{0, 65535}};
  if (rule.tcp_flags.empty() && possible == std::vector<std::uint8_t>{IPPROTO_TCP})
    rule.tcp_flags = {TcpFlags{}};
}

void spell_network(Rule& rule) {
  const Families families = families_of(rule);
  rule.ethertype.clear();
  if (families.ipv4) rule.ethertype.push_back(ethertype_ipv4);
  if (families.ipv6) rule.ethertype.push_back(ethertype_ipv6);
  for (auto* side : {&rule.src, &rule.dst}) {
    if (side->empty()) *side = {Prefix{.ipv6 = false}, Prefix{.ipv6 = true}};
    std::erase_if(*side, [&](const Prefix& p) { return p.ipv6 ? !families.ipv6 : !families.ipv4; });
  }
  if (rule.proto.empty())
    for (unsigned proto = 0; proto < 256; ++proto) rule.proto.push_back(static_cast<std::uint8_t>(proto));
  const std::uint16_t shortest = families.ipv4 ? 20 : 40;
  if (rule.length.empty()) rule.length = {{0, 65535}};
  std::erase_if(rule.length, [&](Range16 r) { return r.last < shortest; });
  for (Range16& range : rule.length) range.first = std::max(range.first, shortest);
  if (rule.dscp.empty()) rule.dscp = {{0, 63}};
}

// Each of the following: whether `all` accepts what `some` accepts; neither is empty.
bool within(const std::vector<Range16>& some, std::vector<Range16> all) {
  std::sort(all.begin(), all.end(), [](Range16 a, Range16 b) { return a.first < b.first; });
  std::vector<Range16> merged;
  for (const Range16& range : all) {
    if (!merged.empty() && range.first <= merged.back().last + 1)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  return std::all_of(some.begin(), some.end(), [&](Range16 s) {
    const auto after = std::upper_bound(merged.begin(), merged.end(), s.first,
                                        [](std::uint16_t first, Range16 m) { return first < m.first; });
    return after != merged.begin() && s.last <= std::prev(after)->last;
  });
}

bool inside(const Prefix& inner, const Prefix& outer) {
  if (inner.ipv6 != outer.ipv6 || inner.length < outer.length) return false;
  for (unsigned bit = 0; bit < outer.length; ++bit)
    if ((inner.address[bit / 8] ^ outer.address[bit / 8]) & 0x80U >> bit % 8) return false;
  return true;
}

// One of the prefixes holds it, or they hold both halves of it.
bool within(const Prefix& prefix, const std::vector<Prefix>& all) {
  if (std::any_of(all.begin(), all.end(), [&](const Prefix& p) { return inside(prefix, p); })) return true;
  if (std::none_of(all.begin(), all.end(), [&](const Prefix& p) { return inside(p, prefix); })) return false;
  Prefix low = prefix;
  ++low.length;
  Prefix high = low;
  high.address[prefix.length / 8] |= static_cast<std::uint8_t>(0x80U >> prefix.length % 8);
  return within(low, all) && within(high, all);
}

bool within(const Owner& owner, const std::vector<Owner>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Owner& o) {
    return o == owner || (o.cgroup && owner.cgroup && owner.name.starts_with(o.name + "/"));
  });
}

template <typename T>
bool within(const T& item, const std::vector<T>& all) {
  return holds(all, item);
}

bool within(const std::vector<TcpFlags>& some, const std::vector<TcpFlags>& all) {
  const auto accepted = [](const std::vector<TcpFlags>& list, unsigned flags) {
    return std::any_of(list.begin(), list.end(), [&](TcpFlags f) { return (flags & f.mask) == f.value; });
  };
  for (unsigned flags = 0; flags < 256; ++flags)
    if (accepted(some, flags) && !accepted(all, flags)) return false;
  return true;
}

template <typename T>
bool within(const std::vector<T>& some, const std::vector<T>& all) {
  return std::all_of(some.begin(), some.end(), [&](const T& item) { return within(item, all); });
}

template <typename T>
bool field_covers(const std::vector<T>& first, const std::vector<T>& rule) {
  return first.empty() || (!rule.empty() && within(rule, first));
}

}  // namespace

bool names_transport(const Rule& rule) {
  return !rule.sport.empty() || !rule.dport.empty() || !rule.tcp_flags.empty() || !rule.owner.empty() ||
         rule.no_listener;
}

bool names_ip(const Rule& rule) {
  return names_transport(rule) || !rule.proto.empty() || !rule.src.empty() || !rule.dst.empty() ||
         !rule.length.empty() || !rule.dscp.empty() || !rule.to.empty();
}

bool names_ip_ethertype(const Rule& rule) {
  return holds(rule.ethertype, ethertype_ipv4) || holds(rule.ethertype, ethertype_ipv6);
}

Families families_of(const Rule& rule) {
  const auto possible = [&](bool ipv6) {
    return accepts(rule.ethertype, ipv6 ? ethertype_ipv6 : ethertype_ipv4) && has_family(rule.src, ipv6) &&
           has_family(rule.dst, ipv6);
  };
  return {.ipv4 = possible(false), .ipv6 = possible(true)};
}

bool answerable(const Rule& rule) {
  if (!names_ip(rule) && accepts(rule.ethertype, ethertype_arp)) return true;
  if (names_transport(rule) || !accepts(rule.to, Destination::us)) return false;
  const Families families = families_of(rule);
  const bool unicast = accepts(rule.delivery, Delivery::unicast);
  return (families.ipv4 && unicast && accepts(rule.proto, std::uint8_t{IPPROTO_ICMP})) ||
         (families.ipv6 && (unicast || holds(rule.delivery, Delivery::multicast)) &&
          accepts(rule.proto, std::uint8_t{IPPROTO_ICMPV6}));
}

std::size_t rule_bits(const Rule& rule) {
  if (rule.src.empty() && rule.dst.empty()) return 1;
  const auto count = [](const std::vector<Prefix>& list, bool ipv6) {
    if (list.empty()) return std::size_t{1};
    return static_cast<std::size_t>(
        std::count_if(list.begin(), list.end(), [&](const Prefix& p) { return p.ipv6 == ipv6; }));
  };
  return count(rule.src, false) * count(rule.dst, false) + count(rule.src, true) * count(rule.dst, true);
}

Rule spelled_out(Rule rule) {
  if (names_transport(rule)) spell_transport(rule);
  if (names_ip(rule) || only_ip(rule)) spell_network(rule);
  if (!rule.to.empty()) rule.delivery = {Delivery::unicast};
  if (rule.delivery.empty()) rule.delivery = {Delivery::unicast, Delivery::multicast, Delivery::broadcast};
  return rule;
}

bool covers(const Rule& first, const Rule& rule) {
  return field_covers(first.ethertype, rule.ethertype) && field_covers(first.proto, rule.proto) &&
         field_covers(first.sport, rule.sport) && field_covers(first.dport, rule.dport) &&
         field_covers(first.src, rule.src) && field_covers(first.dst, rule.dst) &&
         field_covers(first.delivery, rule.delivery) && field_covers(first.length, rule.length) &&
         field_covers(first.dscp, rule.dscp) && field_covers(first.vlan, rule.vlan) &&
         field_covers(first.tcp_flags, rule.tcp_flags) && field_covers(first.to, rule.to) &&
         field_covers(first.owner, rule.owner) && (!first.no_listener || rule.no_listener);
}

}  // namespace ebb::conf
