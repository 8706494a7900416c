// SPDX-License-Identifier: GPL-2.0-or-later
// Which requests for an interface's own addresses does the stack itself answer?
#pragma once

#include <string>

#include "sense/link.hpp"
#include "sense/nat.hpp"

namespace ebb {

struct Answering {
  bool arp = false, neighbour = false;  // ARP requests, neighbour solicitations
  bool echo4 = false, echo6 = false;    // ICMP and ICMPv6 echo requests
  bool router = false;                  // neighbour advertisements say that it is a router
  std::string why;                      // what is not answered, with its reason, "; " between them
  bool operator==(const Answering&) const = default;
};

// Reads the settings below `root`/proc/sys/net, of this network namespace. What cannot be known is not
// answered.
Answering read_answering(const Link& link, const PacketFilters& filters, const std::string& root = {});

}  // namespace ebb
