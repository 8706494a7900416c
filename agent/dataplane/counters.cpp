// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>

#include "dataplane/maps.hpp"

namespace ebb {

const char* reason_word(unsigned reason) {
  switch (reason) {
    case EBB_R_INERT:
      return "inert";
    case EBB_R_MALFORMED:
      return "malformed";
    case EBB_R_UNPARSED:
      return "unparsed";
    case EBB_R_UNCLASSIFIED:
      return "unclassified";
    case EBB_R_TREATMENT:
      return "treatment";
    case EBB_R_FORWARDS:
      return "forwards";
    case EBB_R_NOTHING_TO_DO:
      return "nothing-to-do";
    case EBB_R_UNTRIMMABLE:
      return "untrimmable";
    case EBB_R_UNANSWERABLE:
      return "unanswerable";
    case EBB_R_FAILED:
      return "failed";
    case EBB_R_ETHERTYPE:
      return "protected-ethertype";
    case EBB_R_ARP:
      return "protected-arp";
    case EBB_R_NEIGHBOUR:
      return "protected-neighbour";
    case EBB_R_MULTICAST_CTL:
      return "protected-multicast-control";
    case EBB_R_ICMP_ERROR:
      return "protected-icmp-error";
    case EBB_R_DHCP:
      return "protected-dhcp";
    case EBB_R_TCP_CONTROL:
      return "protected-tcp-control";
    case EBB_R_MANAGEMENT:
      return "protected-management";
    case EBB_R_TUNNEL:
      return "protected-tunnel";
    case EBB_R_CLOCK:
      return "protected-clock";
    case EBB_R_NAMES:
      return "protected-names";
    default:
      return nullptr;
  }
}

Counters Maps::read_counters() const {
  Counters sum;
  for (const auto& cpu : counted()) {
    for (std::size_t slot = 0; slot < sum.classes.size(); ++slot)
      for (std::size_t verdict = 0; verdict < EBB_VERDICTS; ++verdict) {
        sum.classes[slot].verdict[verdict].packets += cpu.verdict[slot][verdict].packets;
        sum.classes[slot].verdict[verdict].bytes += cpu.verdict[slot][verdict].bytes;
      }
    for (std::size_t reason = 0; reason < EBB_REASONS; ++reason) sum.passed[reason] += cpu.passed[reason];
  }
  // The two commonest reasons are not counted beside their rows.
  for (std::size_t slot = 0; slot < sum.classes.size(); ++slot)
    sum.passed[slot < EBB_CLASSES ? EBB_R_TREATMENT : EBB_R_UNCLASSIFIED] +=
        sum.classes[slot].verdict[EBB_PASS].packets;
  return sum;
}

// A packet that is counted in this very moment may put the old number back, a few nanoseconds in which a slot
// changes its owner.
void Maps::clear_class(std::uint8_t slot) const {
  for (auto& cpu : counted())
    for (auto& count : cpu.verdict[slot]) count = {};
}

Result<std::vector<ebb_drop>> Maps::read_drops() const {
  const std::uint32_t zero = 0;
  std::vector<ebb_drops> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  if (bpf_map_lookup_elem(drops_fd_.get(), &zero, cpus.data()) != 0)
    return fail_errno("cannot read the last drops", errno);
  std::vector<ebb_drop> all;
  for (const auto& cpu : cpus)
    for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(cpu.next, EBB_DROPS); ++back)
      all.push_back(cpu.drop[(cpu.next - back) % EBB_DROPS]);
  std::stable_sort(all.begin(), all.end(),
                   [](const ebb_drop& a, const ebb_drop& b) { return a.jiffies > b.jiffies; });
  if (all.size() > EBB_DROPS) all.resize(EBB_DROPS);
  return all;
}

}  // namespace ebb
