// SPDX-License-Identifier: GPL-2.0-or-later
// One run of a packet program that was compiled natively (CMakeLists.txt beside this file).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/judge.hpp"

struct xdp_md;
struct __sk_buff;

namespace ebb::native {

// The program's `ebb_live` is a variable of this process: one thread, one run at a time.
ebb_live& live();

class Run {
 public:
  // Runs the program of the arrival's hook by live() and maps of its own.
  explicit Run(const Arrival& arrival);

  Judged::Action action() const { return action_; }
  std::optional<unsigned> cpu() const { return cpu_; }  // that it was redirected to
  const ebb_counters& counters() const { return counters_; }
  std::vector<std::uint8_t> take_frame() { return std::move(frame_); }  // as it goes on, or the reply

 private:
  friend struct Helpers;  // what the program calls

  void run_xdp();
  void run_tc();
  void expose(std::size_t size);
  void collect();

  const Arrival& arrival_;
  std::vector<std::uint8_t> frame_;
  std::unique_ptr<std::uint8_t[]>
      packet_;  // its first bytes, as the program has them; moves where the kernel's may
  std::size_t readable_ = 0;
  xdp_md* xdp_ = nullptr;
  __sk_buff* skb_ = nullptr;
  ebb_counters counters_{};
  ebb_drops drops_{};
  ebb_socket_set sockets_{};
  Judged::Action action_ = Judged::Action::pass;
  std::optional<unsigned> cpu_;
};

}  // namespace ebb::native
