// SPDX-License-Identifier: GPL-2.0-or-later
// The pinned maps: the mapped live structure, the policy banks, the counters.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "abi.h"
#include "base/cpumask.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/words.hpp"

struct bpf_map;

namespace ebb {

// What the programs counted, summed over the CPUs.
struct Counters {
  struct Row {
    std::array<ebb_count, EBB_VERDICTS> verdict{};
  };
  std::array<Row, EBB_CLASSES + 1> classes{};       // by slot; the last row: unclassified
  std::array<std::uint64_t, EBB_REASONS> passed{};  // packets by enum ebb_reason
};

// Name of a pass reason in `status`: "inert", "unclassified", "protected-arp", ... nullptr for a number
// without one.
const char* reason_word(unsigned reason);

class Maps {
 public:
  // The maps pinned in `folder`, made and pinned where they are missing. `folder` is created (0700); "": maps
  // of this process alone, without pins.
  // Errors: no bpffs there; a pin of another shape.
  static Result<Maps> open(const std::string& folder);
  Maps(Maps&&) noexcept;
  Maps& operator=(Maps&&) noexcept;
  ~Maps();  // unmaps and closes; the pins stay

  int cpumap_fd() const { return cpumap_fd_.get(); }
  int drops_fd() const { return drops_fd_.get(); }
  int events_fd() const { return events_fd_.get(); }
  int sockets_fd() const { return sockets_fd_.get(); }
  ebb_live& live() const { return *live_; }  // its counters end with the map

  // Gives an object that is open and not yet loaded ebb_live for its own variable of that name.
  Status share_live(bpf_map* bss) const;
  std::uint32_t cpu_mask() const { return cpus_ - 1; }  // cfg_cpu_mask for the objects that share it

  // The bank in force.
  const ebb_bank& bank() const;

  // Writes `bank` into the idle bank and publishes it with one release store. Waits first until no program
  // can still read the idle bank: an RCU grace period, 8 to 16 ms.
  Status publish(const ebb_bank& bank);

  // A store or two each; no system call. In any mode but `interactive` the next urgent packet raises an event
  // (events.hpp).
  void set_state(PowerState state, TrafficMode mode);
  void set_enforcement(Enforcement enforcement);
  void set_inert();  // deadline = 0: every program passes everything, until the next beat

  // Gives each CPU of `mask` a queue (and a kernel thread) that native XDP can redirect to.
  Status set_steering_cpus(const CpuMask& mask) const;

  Counters read_counters() const;
  void clear_class(std::uint8_t slot) const;  // zeroes a slot that a new class takes over

  // What each CPU remembers of its last drops, at most EBB_DROPS altogether, newest first.
  Result<std::vector<ebb_drop>> read_drops() const;

  // Returns when no program that began before can still run: 8 to 16 ms.
  Status wait_for_readers() const;

 private:
  Maps() = default;
  Fd live_fd_, cpumap_fd_, drops_fd_, events_fd_, sockets_fd_, grace_fd_, grace_inner_fd_;
  ebb_live* live_ = nullptr;
  std::uint32_t cpus_ = 0;  // that have counters of their own: a power of two

  std::size_t live_size() const { return offsetof(ebb_live, counters) + cpus_ * sizeof(ebb_counters); }
  std::span<ebb_counters> counted() const { return {live_->counters, cpus_}; }
  Status open_in(const std::string& folder);
  void set_up_cache(std::uint32_t sets);
  void store_word(std::uint32_t word);
};

}  // namespace ebb
