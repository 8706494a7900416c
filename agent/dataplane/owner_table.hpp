// SPDX-License-Identifier: GPL-2.0-or-later
// The names in the data plane: port -> owner id (ebb_live.owner), owner id -> rules (ebb_bank.owner).
//
// A name is only given by what was seen after the port's last event. refresh() marks the ports that want one
// as doubtful, asks the kernel for all sockets once more and /proc for their holders, and turns the doubt
// into a name by compare and exchange. sock.bpf.c writes 0 at an event, so the exchange fails where one came
// in between.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "abi.h"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"
#include "sense/owners.hpp"

namespace ebb {

// Does a rule name a service or a cgroup? A listener? For one of these an Identity is needed.
bool names_owner(const Config& config);
bool names_listener(const Config& config);

// The rules that a packet to a port of the cgroup `path` may match, as bits of rule_bits(config). "": the
// owner is unknown, so those that name none.
std::uint64_t owner_rules(const Config& config, std::string_view path);

// From now on every owner is unknown, until a refresh is published.
void forget_owners(Maps& maps);

class OwnerTable {
 public:
  // `named`: the map ebb_named of sock.bpf.c. The table begins empty, and unknown.
  OwnerTable(Maps& maps, Fd named);

  // Fills `bank.owner` of a bank that compile_policy() made from `config`, before it is published.
  void fill(const Config& config, ebb_bank& bank) const;
  void set_policy(const Config& config) { config_ = config; }  // after that

  // Makes the names true. `patient`: a port whose sockets were in strangers' hands the last time, and are the
  // same, is not looked at again; that costs a walk through /proc. An error leaves every owner unknown.
  Status refresh(Cgroups& cgroups, bool patient);

  // A cgroup that the policy names, but whose sockets no process is seen to have open; "" if there is none.
  const std::string& hidden() const { return hidden_; }

  std::string owner(Port port) const;  // cgroup; "": unknown, or nobody that a rule names

 private:
  using Wanted = std::map<Port, PortOwner>;
  struct Name {
    std::uint8_t id = 0;
    std::set<std::uint64_t> cookies;  // that are in the map ebb_named
  };

  Maps& maps_;
  Fd named_;
  Config config_;
  std::map<std::string, std::uint8_t> ids_;  // by path
  std::map<Port, Name> names_;               // given, and not yet known to be lost
  Wanted refused_;                           // sockets in strangers' hands
  std::string hidden_;

  Result<Wanted> wanted(Cgroups& cgroups) const;
  void drop_lost(bool all, Wanted& wanted);
  Status give(Cgroups& cgroups, const Wanted& candidates);
  std::uint8_t id_of(const std::string& path);
  bool watch(Port port, const std::set<std::uint64_t>& cookies) const;
  void unwatch(const std::set<std::uint64_t>& cookies) const;
};

}  // namespace ebb
