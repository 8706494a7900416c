// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/reasons.hpp"

#include "dataplane/policy.hpp"

namespace ebb {

const char* sentence(ebb_reason reason) {
  switch (reason) {
    case EBB_R_INERT:
      return "the data plane is inert: it passes everything until the agent's next beat";
    case EBB_R_MALFORMED:
      return "a header is cut short or contradicts itself: the kernel decides what it is worth";
    case EBB_R_UNPARSED:
      return "it has more IPv6 extension headers than are followed";
    case EBB_R_UNCLASSIFIED:
      return "no rule matches";
    case EBB_R_TREATMENT:
      return "its class says pass in this state";
    case EBB_R_FORWARDS:
      return "the traffic of this interface does not end on this machine";
    case EBB_R_NOTHING_TO_DO:
      return "there is nothing to trim, or no CPU to steer to";
    case EBB_R_UNTRIMMABLE:
      return "it cannot be trimmed: a fragment, a merged packet, or not plain UDP";
    case EBB_R_UNANSWERABLE:
      return "it is no plain request for an address of this interface: the stack answers, or nobody";
    case EBB_R_FAILED:
      return "the kernel refused to shorten or to answer the packet";
    case EBB_R_ETHERTYPE:
      return "protected: only IPv4 and IPv6 are ever treated, and ARP answered";
    case EBB_R_ARP:
      return "protected: without ARP nobody finds this machine";
    case EBB_R_NEIGHBOUR:
      return "protected: without neighbour and router discovery nobody finds this machine";
    case EBB_R_MULTICAST_CTL:
      return "protected: IGMP and MLD keep multicast groups alive";
    case EBB_R_ICMP_ERROR:
      return "protected: ICMP errors carry the path MTU and the end of a path";
    case EBB_R_DHCP:
      return "protected: without DHCP the machine loses its address";
    case EBB_R_TCP_CONTROL:
      return "protected: SYN, FIN, RST and TCP fragments begin and end connections";
    case EBB_R_MANAGEMENT:
      return "protected: a management port, configured or found at sshd";
    case EBB_R_TUNNEL:
      return "protected: a tunnel, which may carry the management session";
    case EBB_R_CLOCK:
      return "protected: PTP keeps the clock";
    case EBB_R_NAMES:
      return "protected: a program here listens to multicast DNS";
    case EBB_REASONS:
      break;
  }
  return "for a reason that this agent does not know";
}

const char* verdict_word(unsigned verdict) {
  switch (verdict) {
    case EBB_PASS:
      return "pass";
    case EBB_DROP:
      return "drop";
    case EBB_TRIM:
      return "trim";
    case EBB_STEER:
      return "steer";
    case EBB_TRIM_STEER:
      return "trim+steer";
    case EBB_ANSWER:
      return "answer";
    case EBB_LIMIT:
      return "limit";
    default:
      return "unknown";
  }
}

std::string words(const Treatment& treatment) {
  std::string out;
  const auto add = [&out](const std::string& word) { out.append(out.empty() ? "" : ", ").append(word); };
  if (treatment.limit) add("limit=" + std::to_string(*treatment.limit) + " pps");
  if (treatment.answer) add("answer");
  if (treatment.drop) add("drop");
  if (treatment.trim)
    add("trim=" + std::to_string(*treatment.trim));
  else if (treatment.trim_padding)
    add("trim=padding");
  if (treatment.steer) add("steer");
  return out.empty() ? "pass" : out;
}

std::string rule_place(const Config& config, unsigned bit) {
  const auto bits = rule_bits(config);
  return bit < bits.size() ? config.classes[bits[bit].class_index].match[bits[bit].rule_index].where
                           : std::string();
}

}  // namespace ebb
