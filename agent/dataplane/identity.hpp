// SPDX-License-Identifier: GPL-2.0-or-later
// Application identity: follows which service owns a local port. sock.bpf.c makes a port's owner unknown as
// soon as it may have changed; the agent answers with one pass over the sockets, 20 ms after the first event.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "base/loop.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"
#include "dataplane/owner_table.hpp"
#include "sense/owners.hpp"

struct bpf_link;
struct ring_buffer;

namespace ebb {

class Identity {
 public:
  // Loads sock.bpf.c and attaches it to the root of the cgroups. No owner is known before set_policy().
  // Errors say why identity is off: no cgroup v2, a kernel that is too old, another program that does not
  // share a hook.
  static Result<std::unique_ptr<Identity>> open(Loop& loop, Maps& maps);
  ~Identity();  // every owner is unknown again
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  // Fills `bank.owner` of a bank that compile_policy() made from `config`, before it is published.
  void fill(const Config& config, ebb_bank& bank) const { table_->fill(config, bank); }

  // After that bank is published: finds the owners that `config` names. Without such, sockets change unseen.
  void set_policy(const Config& config);

  // At every interval: what has no event is found by looking again (two owners of a port of which one went).
  void tick();

  std::string owner(Port port) const { return table_->owner(port); }

  // Why an owner that the policy names may not be known; "" if nothing is in the way.
  std::string trouble() const;

  std::uint64_t passes() const { return passes_; }
  std::chrono::microseconds longest_pass() const { return longest_; }  // CPU time

 private:
  using Clock = std::chrono::steady_clock;
  struct DestroyLink {
    void operator()(bpf_link* link) const;
  };
  struct FreeRing {
    void operator()(ring_buffer* ring) const;
  };

  Identity(Loop& loop, Maps& maps, Cgroups cgroups);
  Status attach();
  Status watch();
  void on_event();
  void pass(bool patient);

  Loop& loop_;
  Maps& maps_;
  Cgroups cgroups_;
  std::unique_ptr<OwnerTable> table_;
  std::vector<std::unique_ptr<bpf_link, DestroyLink>> links_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
  Fd timer_;
  bool follows_ = false;      // the policy names an owner
  bool pending_ = false;      // the timer runs
  Clock::time_point rested_;  // no pass before it
  unsigned ticks_ = 0;
  std::string trouble_;
  std::uint64_t passes_ = 0;
  std::chrono::microseconds longest_{0};
};

}  // namespace ebb
