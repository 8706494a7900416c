// SPDX-License-Identifier: GPL-2.0-or-later
// Netfilter between the hook and the sockets: does it change where a packet goes, or whether it arrives?
#pragma once

#include <string>

namespace ebb {

// Each names the chain that is the reason; "": there is none.
struct PacketFilters {
  std::string nat;  // addresses are translated: a local port need not be a local socket
  std::string arp;  // requests may be dropped or changed before the stack would answer them
  std::string ipv4, ipv6;
};

// Asks nf_tables for its chains, and the older iptables for its tables; asks neither where it is not loaded,
// since asking would load it. Chains without rules count for nothing. What cannot be known counts as a
// filter.
PacketFilters read_packet_filters();

}  // namespace ebb
