// SPDX-License-Identifier: GPL-2.0-or-later
// The packet programs compiled natively (dataplane/judge.hpp), held against the reference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/judge.hpp"
#include "dataplane/policy.hpp"
#include "support/reference.hpp"

namespace ebb::test {

inline constexpr unsigned native_ifindex = 3;

// A policy in force on a machine. One at a time (Judge).
class Native {
 public:
  // Of `now` it needs what is compiled in: masks, services, the listener to names.
  Native(Config config, std::vector<std::uint8_t> slots, const Situation& now);

  // The rest of a situation. Enforcement is always on.
  void apply(const Situation& now);

  // What the programs do with it, by the listener of the situation.
  Judged run(Arrival arrival, const Bytes& frame);

  // Judges the frame by the hook and compares everything with the reference: "" or what differs. In TC
  // `linear` bytes of it are readable at first.
  std::string check(const Bytes& frame, std::size_t linear = static_cast<std::size_t>(-1));
  // TC with the outer VLAN tag taken out of the frame.
  std::string check_tagged(const Bytes& frame, std::uint16_t tci);
  // The link type ip: the frame begins with the IP header.
  std::string check_raw_ip(const Bytes& packet);

  const Config& config() const { return config_; }

 private:
  std::string compare(const Judged& judged, Outcome expected, const Bytes& whole) const;

  Config config_;
  std::vector<std::uint8_t> slots_;
  std::vector<RuleBitInfo> bits_;
  Situation now_;
  std::unique_ptr<Judge> judge_;
};

}  // namespace ebb::test
