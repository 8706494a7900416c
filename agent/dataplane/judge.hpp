// SPDX-License-Identifier: GPL-2.0-or-later
// What the packet programs do with a frame: their very code (bpf/xdp.bpf.c, bpf/tc.bpf.c), compiled for the
// agent and run over a copy of the live structure. Nothing that packets share is touched: no counter, no
// limit, no cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "abi.h"
#include "base/words.hpp"

namespace ebb {

// A frame as it comes to a hook, and what the kernel knows beside it.
struct Arrival {
  std::span<const std::uint8_t> frame;  // with its VLAN tags, but for the one in `tag`
  PowerState state = PowerState::performance;
  bool tc = false;      // the hook is tcx or clsact; otherwise native XDP
  bool raw_ip = false;  // TC: the interface's frames begin with the IP header (link type ip)
  unsigned ifindex = 0;
  unsigned cpu = 0;                                   // that handles it
  bool listener = false;                              // a local socket wants it
  std::optional<std::uint16_t> tag = {};              // TC: the VLAN tag (TCI) that the kernel took out
  std::uint32_t gso_size = 0, gso_segs = 0;           // TC: a GRO packet
  std::size_t linear = static_cast<std::size_t>(-1);  // TC: bytes that are readable without a pull
};

struct Judged {
  enum class Action : std::uint8_t { pass, drop, redirect, answer };

  ebb_verdict verdict = EBB_PASS;
  std::optional<unsigned> rule;          // bit (rule_bits() in policy.hpp); none: none matches, or not judged
  std::optional<unsigned> slot;          // counter row: a class's, or EBB_CLASSES: no class; none: not judged
  std::optional<ebb_reason> reason;      // why the verdict is EBB_PASS
  std::optional<ebb_reason> protection;  // why nothing may drop, trim or limit it
  Action action = Action::pass;          // under enforcement, whatever the live word says
  std::optional<unsigned> cpu;           // redirect: where to
  std::vector<std::uint8_t> frame;       // as it goes on, or the reply; empty when dropped
};

// Judges many frames by one copy. Limits begin full: as if their classes had sent nothing yet; what is judged
// uses them up. The time is that of the last beat. One at a time: the programs' own variable is the copy.
class Judge {
 public:
  explicit Judge(const ebb_live& live);
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge();

  Judged judge(const Arrival& arrival);

  ebb_live& live();  // the copy
};

// Judges one frame.
Judged judge_packet(const ebb_live& live, const Arrival& arrival);

}  // namespace ebb
