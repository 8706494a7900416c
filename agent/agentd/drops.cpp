// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/drops.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agentd/reasons.hpp"
#include "agentd/tuple.hpp"

namespace ebb {
namespace {

using nlohmann::json;

Tuple tuple_of(const ebb_drop& drop) {
  Tuple tuple;
  tuple.ethertype = drop.ethertype;
  tuple.proto = drop.proto;
  std::memcpy(tuple.src.data(), drop.src, sizeof drop.src);
  std::memcpy(tuple.dst.data(), drop.dst, sizeof drop.dst);
  const bool ports = drop.proto == IPPROTO_TCP || drop.proto == IPPROTO_UDP;
  if (ports && (drop.sport || drop.dport)) {
    tuple.sport = ntohs(drop.sport);
    tuple.dport = ntohs(drop.dport);
  }
  return tuple;
}

std::string interface_name(unsigned ifindex) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(ifindex, name.data()) ? name.data() : std::string("#") + std::to_string(ifindex);
}

// Which of the banks a word means, and when that bank was published.
std::uint32_t policy_of(std::uint32_t word) { return word >> EBB_WORD_GENERATION; }

json drop_json(const ebb_drop& drop, const ebb_live& live, const Config& config) {
  const auto& bank = live.bank[live.word & EBB_WORD_BANK];
  const std::string name = drop.class_slot < EBB_CLASSES ? bank.class_name[drop.class_slot] : "";
  const bool same_policy = policy_of(drop.word) == policy_of(live.word);
  const std::string place = same_policy ? rule_place(config, drop.rule) : "";
  const auto state = std::min<std::size_t>(EBB_WORD_STATE(drop.word), power_state_words.size() - 1);
  const double jiffies = static_cast<double>(live.jiffies) - static_cast<double>(drop.jiffies);
  json out = endpoints_json(tuple_of(drop));
  out.update({{"age_seconds", or_null(live.hz != 0, live.hz ? std::max(0.0, jiffies / live.hz) : 0.0)},
              {"interface", interface_name(drop.ifindex)},
              {"bytes", drop.length},
              {"class", or_null(!name.empty(), name)},
              {"rule", or_null(!place.empty(), place)},
              {"state", power_state_words[state]},
              {"verdict", verdict_word(drop.verdict)},
              {"carried_out", (drop.word & EBB_WORD_ENFORCE) != 0}});
  return out;
}

}  // namespace

json drops_json(const std::vector<ebb_drop>& drops, const ebb_live& live, const Config& config) {
  json out = json::array();
  for (const auto& drop : drops) out.push_back(drop_json(drop, live, config));
  return out;
}

}  // namespace ebb
