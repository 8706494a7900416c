// SPDX-License-Identifier: GPL-2.0-or-later
// Compiles the configuration's classes into one flat bank (bpf/abi.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "abi.h"
#include "base/cpumask.hpp"
#include "config/config.hpp"

namespace ebb {

// Counter slot of each class, by its index in Config::classes (at most 64). A class keeps the slot that its
// name has in `live`, so its counters go on across a reload or a restart; the others get slots without a
// name, and only then those of classes that are no more, which the caller clears.
std::vector<std::uint8_t> assign_slots(const Config& config, const ebb_bank& live);

// Which rule a bit is, lowest bit first: Config::classes[class_index].match[rule_index].
struct RuleBitInfo {
  std::size_t class_index;
  std::size_t rule_index;
};
std::vector<RuleBitInfo> rule_bits(const Config& config);

// What the machine adds to the configuration.
struct PolicyFacts {
  bool mdns_listener = false;                 // a local socket is bound to UDP port 5353
  std::vector<std::uint16_t> ssh_ports = {};  // where sshd listens; protected like the management ports
};

// Fills `bank` whole, but for the services: every owner is unknown (see Identity::fill).
// `masks`: the CPUs that each power state steers to, empty for none.
// Errors (exit code 2): more than 64 rule bits, more than 64 classes, too many distinct port, length or VLAN
// sets.
Status compile_policy(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::array<CpuMask, 4>& masks, const PolicyFacts& facts, ebb_bank& bank);

}  // namespace ebb
