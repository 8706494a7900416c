// SPDX-License-Identifier: GPL-2.0-or-later
// Does an interface's traffic end on this machine, and whose is it? "" is the good answer; otherwise why not.
// What cannot be known counts as the bad one. Reads the machine's own /proc and /sys, of its network
// namespace.
#pragma once

#include <string>

namespace ebb {

struct Ending {
  std::string forwards;  // "forwards IPv4": routed onwards, itself or an interface on it
  std::string shared;    // "is a port of bridge br0", "carries macvlan mv0": others live behind it
  std::string uppers;    // "carries vlan eth0.10": sockets may be bound to an interface on it

  // Why its packets may not be dropped or trimmed.
  const std::string& why_not_terminal() const { return shared.empty() ? forwards : shared; }
};

Ending read_ending(const std::string& interface);

}  // namespace ebb
