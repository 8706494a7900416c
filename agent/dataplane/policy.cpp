// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/policy.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

namespace ebb {
namespace {

constexpr const char* bits_hint =
    "a policy has 64 rule bits; a rule takes one for each pair of source and destination prefixes: "
    "merge prefixes or leave rules out";

// One rule bit: a rule with at most one prefix a side.
struct RuleBit {
  const Rule* rule;
  std::size_t class_index;
  const Prefix* src = nullptr;
  const Prefix* dst = nullptr;
};

bool addressed(const RuleBit& bit) { return bit.src || bit.dst; }
bool ipv6(const RuleBit& bit) { return bit.src ? bit.src->ipv6 : bit.dst->ipv6; }

// The prefixes of one family; a rule without any has one that accepts every address: nullptr.
std::vector<const Prefix*> of_family(const std::vector<Prefix>& all, bool ipv6) {
  if (all.empty()) return {nullptr};
  std::vector<const Prefix*> some;
  for (const auto& prefix : all)
    if (prefix.ipv6 == ipv6) some.push_back(&prefix);
  return some;
}

Result<std::vector<RuleBit>> expand(const Config& config) {
  std::vector<RuleBit> bits;
  for (std::size_t i = 0; i < config.classes.size(); ++i) {
    for (const auto& rule : config.classes[i].match) {
      if (rule.src.empty() && rule.dst.empty())
        bits.push_back({&rule, i});
      else
        for (const bool family : {false, true})
          for (const auto* src : of_family(rule.src, family))
            for (const auto* dst : of_family(rule.dst, family))
              if (src || dst) bits.push_back({&rule, i, src, dst});
      if (bits.size() > EBB_RULES)
        return fail(rule.where + ": too many rules: this one passes the limit of 64 rule bits", bits_hint,
                    exit_usage);
    }
  }
  return bits;
}

bool accepts(const std::vector<Range16>& ranges, unsigned value) {
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [value](const Range16& range) {
           return range.first <= value && value <= range.last;
         });
}

using Rules = __u64[256];
using Marks = std::map<std::uint16_t, std::uint8_t>;  // value -> what it is besides; never 0

// Fills one field of `Values` values. `marks`: values that are something of their own (protected ports).
// Returns what each of the field's classes is marked with, or nothing if 256 classes do not suffice.
template <std::size_t Values>
Result<std::array<std::uint8_t, 256>> fill_field(__u8 (&class_of)[Values], Rules& rules_of,
                                                 const std::vector<RuleBit>& bits,
                                                 std::vector<Range16> Rule::* member, const char* name,
                                                 const Marks& marks = {}) {
  std::set<unsigned> edges = {0, Values};
  for (const auto& bit : bits)
    for (const auto& range : bit.rule->*member) {
      edges.insert(range.first);
      edges.insert(range.last + 1U);
    }
  for (const auto& [value, mark] : marks) edges.insert({value, value + 1U});

  std::map<std::pair<std::uint64_t, std::uint8_t>, std::uint8_t> classes;
  std::array<std::uint8_t, 256> class_marks{};
  for (auto edge = edges.begin(); *edge != Values; ++edge) {
    std::uint64_t rules = 0;
    for (std::size_t i = 0; i < bits.size(); ++i)
      if (accepts(bits[i].rule->*member, *edge)) rules |= std::uint64_t{1} << i;
    const auto marked = marks.find(static_cast<std::uint16_t>(*edge));
    const std::uint8_t mark = marked == marks.end() ? 0 : marked->second;
    if (classes.size() == 256 && !classes.contains({rules, mark}))
      return fail(std::string("the rules divide the ") + name + " into more than 256 different sets",
                  "use fewer or wider ranges", exit_usage);
    const auto id = classes.emplace(std::pair{rules, mark}, classes.size()).first->second;
    rules_of[id] = rules;
    class_marks[id] = mark;
    std::memset(class_of + *edge, id, *std::next(edge) - *edge);
  }
  return class_marks;
}

// The programs read ports as they are in the header.
void to_wire_order(__u8 (&class_of)[65536]) {
  for (unsigned value = 0; value < 65536; ++value) {
    const unsigned wire = htons(static_cast<std::uint16_t>(value));
    if (value < wire) std::swap(class_of[value], class_of[wire]);
  }
}

// Why packets to a port are protected (docs/safety.md), TCP and UDP, IPv4 and IPv6 alike.
Marks protected_ports(const Config& config, const PolicyFacts& facts) {
  Marks ports = {
      {67, EBB_R_DHCP},    {68, EBB_R_DHCP},     {546, EBB_R_DHCP},
      {547, EBB_R_DHCP},   {319, EBB_R_CLOCK},   {320, EBB_R_CLOCK},     // PTP
      {500, EBB_R_TUNNEL}, {4500, EBB_R_TUNNEL}, {51820, EBB_R_TUNNEL},  // IKE, IPsec behind NAT, WireGuard
  };
  if (facts.mdns_listener) ports[5353] = EBB_R_NAMES;
  for (const auto port : config.management_ports) ports[port] = EBB_R_MANAGEMENT;
  for (const auto port : facts.ssh_ports) ports[port] = EBB_R_MANAGEMENT;
  return ports;
}

// A field of 8 bits: for each value, the rules that accept it.
template <std::size_t Values, typename Accepts>
void fill_small(__u64 (&rules_of)[Values], const std::vector<RuleBit>& bits, Accepts accepted) {
  for (std::size_t i = 0; i < bits.size(); ++i)
    for (unsigned value = 0; value < Values; ++value)
      if (accepted(*bits[i].rule, value)) rules_of[value] |= std::uint64_t{1} << i;
}

// Empty lists accept everything.
template <typename T>
bool has(const std::vector<T>& list, unsigned value) {
  return list.empty() || std::any_of(list.begin(), list.end(),
                                     [value](T one) { return static_cast<unsigned>(one) == value; });
}

// Whether the tables of this family ask about the rule's addresses at all.
bool of_family(const RuleBit& bit, bool v6) { return !addressed(bit) || ipv6(bit) == v6; }

// One side's address tables: the rules whose prefix accepts a byte at its place.
template <std::size_t Bytes>
void fill_address(__u64 (&tables)[Bytes][256], const std::vector<RuleBit>& bits,
                  const Prefix* RuleBit::* side) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (!of_family(bits[i], Bytes == 16)) continue;
    const Prefix* prefix = bits[i].*side;
    for (std::size_t byte = 0; byte < Bytes; ++byte) {
      const int fixed = prefix ? std::clamp(prefix->length - static_cast<int>(byte) * 8, 0, 8) : 0;
      for (unsigned value = 0; value < 256; ++value)
        if (!prefix || (value ^ prefix->address[byte]) >> (8 - fixed) == 0)
          tables[byte][value] |= std::uint64_t{1} << i;
    }
  }
}

ebb_treatment encode(const Treatment& treatment, ClassKind kind, std::uint8_t slot) {
  ebb_treatment out{};
  out.class_slot = slot;
  if (kind == ClassKind::urgent) out.flags |= EBB_T_URGENT;
  if (treatment.drop) out.flags |= EBB_T_DROP;
  if (treatment.trim_padding) out.flags |= EBB_T_TRIM_PADDING;
  if (treatment.steer) out.flags |= EBB_T_STEER;
  if (treatment.trim) {
    out.flags |= EBB_T_TRIM;
    out.trim_to = *treatment.trim;
  }
  if (treatment.answer) out.flags |= EBB_T_ANSWER;
  if (treatment.limit) {
    out.flags |= EBB_T_LIMIT;
    out.rate = *treatment.limit;
  }
  return out;
}

void fill_steer(ebb_steer& steer, const CpuMask& mask) {
  const auto cpus = mask.cpus();
  steer.count = static_cast<std::uint32_t>(cpus.size());
  for (const unsigned cpu : cpus) steer.mask[cpu / 64] |= std::uint64_t{1} << cpu % 64;
  if (cpus.empty()) return;
  for (std::size_t i = 0; i < EBB_STEER_SLOTS; ++i)
    steer.cpu[i] = static_cast<std::uint16_t>(cpus[i % cpus.size()]);
}

}  // namespace

std::vector<std::uint8_t> assign_slots(const Config& config, const ebb_bank& live) {
  std::map<std::string, std::uint8_t> known;
  for (unsigned slot = 0; slot < EBB_CLASSES; ++slot)
    if (live.class_name[slot][0]) known[live.class_name[slot]] = static_cast<std::uint8_t>(slot);

  std::set<unsigned> taken;
  for (const auto& one : config.classes)
    if (known.contains(one.name)) taken.insert(known[one.name]);

  // Free slots first; then those of classes that are no more.
  std::vector<std::uint8_t> order;
  for (const bool retired : {false, true})
    for (unsigned slot = 0; slot < EBB_CLASSES; ++slot)
      if (!taken.contains(slot) && (live.class_name[slot][0] != 0) == retired)
        order.push_back(static_cast<std::uint8_t>(slot));

  std::vector<std::uint8_t> slots;
  auto next = order.begin();
  for (const auto& one : config.classes)
    slots.push_back(known.contains(one.name) ? known[one.name] : *next++);
  return slots;
}

std::vector<RuleBitInfo> rule_bits(const Config& config) {
  std::vector<RuleBitInfo> out;
  const auto bits = expand(config);
  if (!bits) return out;
  for (const auto& bit : *bits)
    out.push_back(
        {bit.class_index, static_cast<std::size_t>(bit.rule - config.classes[bit.class_index].match.data())});
  return out;
}

Status compile_policy(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::array<CpuMask, 4>& masks, const PolicyFacts& facts, ebb_bank& bank) {
  if (config.classes.size() > EBB_CLASSES)
    return fail(config.classes[EBB_CLASSES].where + ": too many classes, 64 fit", "merge classes",
                exit_usage);
  auto expanded = expand(config);
  if (!expanded) return tl::unexpected(expanded.error());
  const auto& bits = *expanded;

  std::memset(&bank, 0, sizeof bank);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const Rule& rule = *bits[i].rule;
    const auto bit = std::uint64_t{1} << i;
    const bool names_ports = !rule.sport.empty() || !rule.dport.empty() || !rule.tcp_flags.empty() ||
                             rule.no_listener || !rule.owner.empty();
    const bool names_ip = addressed(bits[i]) || !rule.proto.empty() || !rule.length.empty() ||
                          !rule.dscp.empty() || !rule.tcp_flags.empty() || !rule.to.empty();
    if (!names_ports) bank.any_ports |= bit;
    if (!names_ports && !names_ip) bank.any_ip |= bit;
    if (rule.owner.empty()) bank.any_owner |= bit;
    if (!rule.sport.empty()) bank.sported |= bit;
    if (!rule.to.empty()) bank.aimed |= bit;
    if (!rule.owner.empty()) bank.owned |= bit;
    if (rule.no_listener) bank.no_listener |= bit;
    if (addressed(bits[i]) || !rule.length.empty()) bank.late |= bit;
    const TrafficClass& of = config.classes[bits[i].class_index];
    for (std::size_t state = 0; state < config.states.size(); ++state)
      bank.treat[state][i] = encode(of.treat[state], of.kind, slots[bits[i].class_index]);
  }
  bank.asked = bank.owned | bank.no_listener;
  fill_small(bank.to, bits, [](const Rule& rule, unsigned value) { return has(rule.to, value); });
  const auto protocols_of = [](unsigned ethertype) {
    return [ethertype](const Rule& rule, unsigned value) {
      return accepts(rule.ethertype, ethertype) && has(rule.proto, value) &&
             (value == IPPROTO_TCP || rule.tcp_flags.empty());
    };
  };
  fill_small(bank.proto_ipv4, bits, protocols_of(ETH_P_IP));
  fill_small(bank.proto_ipv6, bits, protocols_of(ETH_P_IPV6));
  fill_small(bank.delivery, bits, [](const Rule& rule, unsigned value) { return has(rule.delivery, value); });
  fill_small(bank.untagged, bits,
             [](const Rule& rule, unsigned value) { return rule.vlan.empty() && has(rule.delivery, value); });
  fill_small(bank.dscp, bits, [](const Rule& rule, unsigned byte) { return accepts(rule.dscp, byte >> 2); });
  fill_small(bank.tcp_flags, bits, [](const Rule& rule, unsigned value) {
    return rule.tcp_flags.empty() ||
           std::any_of(rule.tcp_flags.begin(), rule.tcp_flags.end(),
                       [value](TcpFlags flags) { return (value & flags.mask) == flags.value; });
  });
  fill_address(bank.ipv4_src, bits, &RuleBit::src);
  fill_address(bank.ipv4_dst, bits, &RuleBit::dst);
  fill_address(bank.ipv6_src, bits, &RuleBit::src);
  fill_address(bank.ipv6_dst, bits, &RuleBit::dst);
  std::fill(std::begin(bank.owner), std::end(bank.owner), bank.any_owner);

  const auto ports = protected_ports(config, facts);
  const auto shields =
      fill_field(bank.dport_class, bank.dport, bits, &Rule::dport, "destination ports", ports);
  for (const auto& done : {
           shields,
           fill_field(bank.sport_class, bank.sport, bits, &Rule::sport, "source ports"),
           fill_field(bank.ethertype_class, bank.ethertype, bits, &Rule::ethertype, "ethertypes"),
           fill_field(bank.length_class, bank.length, bits, &Rule::length, "lengths"),
           fill_field(bank.vlan_class, bank.vlan, bits, &Rule::vlan, "VLANs"),
       })
    if (!done) return tl::unexpected(done.error());
  std::copy(shields->begin(), shields->end(), bank.shield);
  to_wire_order(bank.length_class);
  to_wire_order(bank.sport_class);
  to_wire_order(bank.dport_class);

  for (std::size_t state = 0; state < masks.size(); ++state) fill_steer(bank.steer[state], masks[state]);
  for (std::size_t i = 0; i < config.classes.size(); ++i)
    std::strncpy(bank.class_name[slots[i]], config.classes[i].name.c_str(), EBB_CLASS_NAME - 1);
  return {};
}

}  // namespace ebb
