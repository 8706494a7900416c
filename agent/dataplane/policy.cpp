// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/policy.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>

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

using Classes = __u8[65536];
using Rules = __u64[256];

// Fills one 16-bit field. `extra`: values that need a class of their own kind (the management ports).
// Returns the set of classes that such values have, or nothing if 256 classes do not suffice.
Result<std::set<std::uint8_t>> fill_field(Classes& class_of, Rules& rules_of,
                                          const std::vector<RuleBit>& bits,
                                          std::vector<Range16> Rule::* member, const char* name,
                                          const std::set<std::uint16_t>& extra = {}) {
  std::set<unsigned> edges = {0};
  for (const auto& bit : bits)
    for (const auto& range : bit.rule->*member) {
      edges.insert(range.first);
      edges.insert(range.last + 1U);
    }
  for (const unsigned value : extra) edges.insert({value, value + 1});
  edges.insert(65536);

  std::map<std::pair<std::uint64_t, bool>, std::uint8_t> classes;
  std::set<std::uint8_t> extra_classes;
  for (auto edge = edges.begin(); *edge != 65536; ++edge) {
    std::uint64_t rules = 0;
    for (std::size_t i = 0; i < bits.size(); ++i)
      if (accepts(bits[i].rule->*member, *edge)) rules |= std::uint64_t{1} << i;
    const bool is_extra = extra.contains(static_cast<std::uint16_t>(*edge));
    if (classes.size() == 256 && !classes.contains({rules, is_extra}))
      return fail(std::string("the rules divide the ") + name + " into more than 256 different sets",
                  "use fewer or wider ranges", exit_usage);
    const auto id = classes.emplace(std::pair{rules, is_extra}, classes.size()).first->second;
    rules_of[id] = rules;
    if (is_extra) extra_classes.insert(id);
    std::memset(class_of + *edge, id, *std::next(edge) - *edge);
  }
  return extra_classes;
}

// The programs read ports as they are in the header.
void to_wire_order(Classes& class_of) {
  for (unsigned value = 0; value < 65536; ++value) {
    const unsigned wire = htons(static_cast<std::uint16_t>(value));
    if (value < wire) std::swap(class_of[value], class_of[wire]);
  }
}

// One side's address tables: the rules whose prefix accepts a byte at its place.
template <std::size_t Bytes>
void fill_address(__u64 (&tables)[Bytes][256], const std::vector<RuleBit>& bits,
                  const Prefix* RuleBit::* side) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (addressed(bits[i]) && ipv6(bits[i]) != (Bytes == 16)) continue;  // of the other family
    const Prefix* prefix = bits[i].*side;
    for (std::size_t byte = 0; byte < Bytes; ++byte) {
      const int fixed = prefix ? std::clamp(prefix->length - static_cast<int>(byte) * 8, 0, 8) : 0;
      for (unsigned value = 0; value < 256; ++value)
        if (!prefix || (value ^ prefix->address[byte]) >> (8 - fixed) == 0)
          tables[byte][value] |= std::uint64_t{1} << i;
    }
  }
}

ebb_treatment encode(const Treatment& treatment, std::uint8_t slot) {
  ebb_treatment out{};
  out.class_slot = slot;
  if (treatment.drop) out.flags |= EBB_T_DROP;
  if (treatment.trim_padding) out.flags |= EBB_T_TRIM_PADDING;
  if (treatment.steer) out.flags |= EBB_T_STEER;
  if (treatment.trim) {
    out.flags |= EBB_T_TRIM;
    out.trim_to = *treatment.trim;
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

Status compile_policy(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::array<CpuMask, 4>& masks, ebb_bank& bank) {
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
    const bool names_ports = !rule.sport.empty() || !rule.dport.empty();
    if (!names_ports) bank.any_ports |= bit;
    if (!names_ports && !addressed(bits[i]) && rule.proto.empty() && rule.length.empty()) bank.any_ip |= bit;
    if (addressed(bits[i]) || !rule.length.empty()) bank.late |= bit;
    for (unsigned value = 0; value < 256; ++value)
      if (rule.proto.empty() || std::find(rule.proto.begin(), rule.proto.end(), value) != rule.proto.end())
        bank.proto[value] |= bit;
    for (unsigned value = 0; value < 3; ++value)
      if (rule.delivery.empty() || std::find(rule.delivery.begin(), rule.delivery.end(),
                                             static_cast<Delivery>(value)) != rule.delivery.end())
        bank.delivery[value] |= bit;
    for (std::size_t state = 0; state < config.states.size(); ++state)
      bank.treat[state][i] =
          encode(config.classes[bits[i].class_index].treat[state], slots[bits[i].class_index]);
  }
  fill_address(bank.ipv4_src, bits, &RuleBit::src);
  fill_address(bank.ipv4_dst, bits, &RuleBit::dst);
  fill_address(bank.ipv6_src, bits, &RuleBit::src);
  fill_address(bank.ipv6_dst, bits, &RuleBit::dst);

  if (auto done = fill_field(bank.ethertype_class, bank.ethertype, bits, &Rule::ethertype, "ethertypes");
      !done)
    return tl::unexpected(done.error());
  bank.ipv4 = bank.ethertype[bank.ethertype_class[ETH_P_IP]];
  bank.ipv6 = bank.ethertype[bank.ethertype_class[ETH_P_IPV6]];
  if (auto done = fill_field(bank.length_class, bank.length, bits, &Rule::length, "lengths"); !done)
    return tl::unexpected(done.error());
  if (auto done = fill_field(bank.sport_class, bank.sport, bits, &Rule::sport, "source ports"); !done)
    return tl::unexpected(done.error());
  const std::set<std::uint16_t> management(config.management_ports.begin(), config.management_ports.end());
  const auto management_classes =
      fill_field(bank.dport_class, bank.dport, bits, &Rule::dport, "destination ports", management);
  if (!management_classes) return tl::unexpected(management_classes.error());
  to_wire_order(bank.sport_class);
  to_wire_order(bank.dport_class);
  for (const auto id : *management_classes) bank.management[id] = EBB_R_MANAGEMENT;

  for (std::size_t state = 0; state < masks.size(); ++state) fill_steer(bank.steer[state], masks[state]);
  for (std::size_t i = 0; i < config.classes.size(); ++i)
    std::strncpy(bank.class_name[slots[i]], config.classes[i].name.c_str(), EBB_CLASS_NAME - 1);
  return {};
}

}  // namespace ebb
