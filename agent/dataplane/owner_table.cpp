// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/owner_table.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <bpf/bpf.h>

#include "dataplane/policy.hpp"

namespace ebb {
namespace {

// The id of a port that is being asked about. To a packet it is the same as 0.
constexpr std::uint8_t doubtful = EBB_OWNERS - 1;

std::uint32_t slot_of(Port port) { return (port.proto == IPPROTO_UDP ? 1U << 16 : 0U) | port.number; }

std::uint8_t& cell(const Maps& maps, Port port) {
  return maps.live().owner[port.proto == IPPROTO_UDP][port.number];
}

void store(std::uint8_t& cell, std::uint8_t id) { __atomic_store_n(&cell, id, __ATOMIC_SEQ_CST); }
std::uint8_t load(const std::uint8_t& cell) { return __atomic_load_n(&cell, __ATOMIC_SEQ_CST); }

template <typename Named>
bool any_rule(const Config& config, Named named) {
  return std::any_of(config.classes.begin(), config.classes.end(), [named](const TrafficClass& one) {
    return std::any_of(one.match.begin(), one.match.end(), named);
  });
}

bool any_means(const std::vector<Owner>& owners, std::string_view path) {
  return std::any_of(owners.begin(), owners.end(), [path](const Owner& owner) { return means(owner, path); });
}

bool names_path(const Config& config, std::string_view path) {
  return any_rule(config, [path](const Rule& rule) { return any_means(rule.owner, path); });
}

bool seen_any(const PortOwner& owner, const Holders& holders) {
  return std::any_of(owner.inodes.begin(), owner.inodes.end(),
                     [&holders](std::uint64_t inode) { return holders.contains(inode); });
}

}  // namespace

bool names_owner(const Config& config) {
  return any_rule(config, [](const Rule& rule) { return !rule.owner.empty(); });
}

bool names_listener(const Config& config) {
  return any_rule(config, [](const Rule& rule) { return rule.no_listener; });
}

std::uint64_t owner_rules(const Config& config, std::string_view path) {
  std::uint64_t rules = 0, bit = 1;
  for (const auto& info : rule_bits(config)) {
    const auto& owners = config.classes[info.class_index].match[info.rule_index].owner;
    if (owners.empty() || any_means(owners, path)) rules |= bit;
    bit <<= 1;
  }
  return rules;
}

void forget_owners(Maps& maps) {
  ebb_live& live = maps.live();
  __atomic_store_n(&live.owners_known, __atomic_load_n(&live.owners_epoch, __ATOMIC_SEQ_CST) - 1,
                   __ATOMIC_SEQ_CST);
}

OwnerTable::OwnerTable(Maps& maps, Fd named) : maps_(maps), named_(std::move(named)) {
  forget_owners(maps_);
  std::memset(maps_.live().owner, 0, sizeof maps_.live().owner);  // an earlier agent's ids mean nothing
}

void OwnerTable::fill(const Config& config, ebb_bank& bank) const {
  std::fill(std::begin(bank.owner), std::end(bank.owner), owner_rules(config, ""));
  for (const auto& [path, id] : ids_) bank.owner[id] = owner_rules(config, path);
}

Result<OwnerTable::Wanted> OwnerTable::wanted(Cgroups& cgroups) const {
  const auto sockets = read_sockets();
  if (!sockets) return tl::unexpected(sockets.error());
  auto owners = port_owners(*sockets, [&cgroups](std::uint64_t id) { return cgroups.path(id); });
  cgroups.keep_only(*sockets);
  std::map<std::string, bool> named;  // few cgroups own many ports
  std::erase_if(owners, [&](const auto& entry) {
    const auto& path = entry.second.path;
    const auto found = named.find(path);
    return !(found != named.end() ? found : named.emplace(path, names_path(config_, path)).first)->second;
  });
  return owners;
}

Status OwnerTable::refresh(Cgroups& cgroups, bool patient) {
  ebb_live& live = maps_.live();
  const std::uint32_t epoch =
      __atomic_load_n(&live.owners_epoch, __ATOMIC_SEQ_CST);  // before anything is read
  auto candidates = wanted(cgroups);
  if (!candidates) {
    forget_owners(maps_);
    return tl::unexpected(candidates.error());
  }
  hidden_.clear();
  drop_lost(live.owners_known != epoch, *candidates);
  if (patient)
    std::erase_if(*candidates, [this](const auto& entry) {
      const auto before = refused_.find(entry.first);
      return before != refused_.end() && before->second == entry.second;
    });
  else
    refused_.clear();
  if (!candidates->empty())
    if (auto given = give(cgroups, *candidates); !given) {
      forget_owners(maps_);
      return given;
    }
  __atomic_store_n(&live.owners_known, epoch, __ATOMIC_RELEASE);
  return {};
}

// Takes away the names that are not right or not certain any more; what stays right is no candidate.
void OwnerTable::drop_lost(bool all, Wanted& wanted) {
  for (auto name = names_.begin(); name != names_.end();) {
    const auto& [port, given] = *name;
    const auto want = wanted.find(port);
    if (!all && want != wanted.end() && load(cell(maps_, port)) == given.id &&
        ids_[want->second.path] == given.id && want->second.cookies == given.cookies) {
      wanted.erase(want);
      ++name;
      continue;
    }
    store(cell(maps_, port), 0);
    unwatch(given.cookies);
    name = names_.erase(name);
  }
}

Status OwnerTable::give(Cgroups& cgroups, const Wanted& candidates) {
  for (const auto& [port, owner] : candidates) store(cell(maps_, port), doubtful);
  const auto seen = wanted(cgroups);
  if (!seen) return tl::unexpected(seen.error());
  std::map<Port, PortOwner> same;  // as before: one listing alone may have missed a socket
  std::set<std::uint64_t> inodes;
  for (const auto& [port, owner] : *seen) {
    const auto candidate = candidates.find(port);
    if (candidate == candidates.end() || candidate->second.path != owner.path) continue;
    if (watch(port, owner.cookies)) same.emplace(port, owner);
    inodes.insert(owner.inodes.begin(), owner.inodes.end());
  }
  // After the sockets are watched: what is released before that is in nobody's hands.
  const auto holders = read_holders(inodes);
  for (const auto& [port, candidate] : candidates) {
    const auto owner = same.find(port);
    std::uint8_t expected = doubtful, id = 0;
    if (owner != same.end()) {
      if (held_by_owner(owner->second, holders)) id = id_of(owner->second.path);
      if (id == 0) refused_.insert(*owner);
      if (id == 0 && !seen_any(owner->second, holders)) hidden_ = owner->second.path;
    }
    const bool undisturbed = __atomic_compare_exchange_n(&cell(maps_, port), &expected, id, false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (id != 0 && undisturbed)
      names_[port] = {id, owner->second.cookies};
    else if (owner != same.end())
      unwatch(owner->second.cookies);
  }
  return {};
}

// The path's id, a new one if need be. 0: all are in use.
std::uint8_t OwnerTable::id_of(const std::string& path) {
  if (const auto known = ids_.find(path); known != ids_.end()) return known->second;
  std::set<std::uint8_t> taken, used;
  for (const auto& [other, id] : ids_) taken.insert(id);
  for (const auto& [port, name] : names_) used.insert(name.id);
  if (taken.size() == doubtful - 1 && maps_.wait_for_readers()) {  // no packet holds an id that no port has
    std::erase_if(ids_, [&used](const auto& entry) { return !used.contains(entry.second); });
    taken = used;
  }
  for (std::uint8_t id = 1; id < doubtful; ++id) {
    if (taken.contains(id)) continue;
    ebb_live& live = maps_.live();
    __atomic_store_n(&live.bank[live.word & EBB_WORD_BANK].owner[id], owner_rules(config_, path),
                     __ATOMIC_RELEASE);
    return ids_[path] = id;
  }
  return 0;
}

bool OwnerTable::watch(Port port, const std::set<std::uint64_t>& cookies) const {
  const std::uint32_t slot = slot_of(port);
  for (const auto cookie : cookies)
    if (bpf_map_update_elem(named_.get(), &cookie, &slot, BPF_ANY) != 0) {
      unwatch(cookies);
      return false;
    }
  return true;
}

void OwnerTable::unwatch(const std::set<std::uint64_t>& cookies) const {
  for (const auto cookie : cookies) bpf_map_delete_elem(named_.get(), &cookie);
}

std::string OwnerTable::owner(Port port) const {
  const ebb_live& live = maps_.live();
  if (live.owners_known != live.owners_epoch) return "";
  const auto id = load(cell(maps_, port));
  const auto found =
      std::find_if(ids_.begin(), ids_.end(), [id](const auto& entry) { return entry.second == id; });
  return found == ids_.end() ? "" : found->first;
}

}  // namespace ebb
