// SPDX-License-Identifier: GPL-2.0-or-later
// Packets that a machine cannot do without, each built from its standard (docs/protocols.md): whatever the
// policy says, they are never dropped, trimmed or limited.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "abi.h"
#include "support/packets.hpp"

namespace ebb::test {

struct CorpusPacket {
  std::string name;
  Bytes frame;
  ebb_reason reason;  // why it is protected
};

// All of them, as they are and with one and two VLAN tags; 5353 counts as a port that somebody here listens
// to.
std::vector<CorpusPacket> corpus();

// Frames of one layer, from the outside in; add() pads them to what Ethernet carries.
class Corpus {
 public:
  void add(const std::string& name, const Packet& packet, ebb_reason reason);
  // Also with extension headers (IPv6) or options (IPv4).
  void add_ip(const std::string& name, const Packet& packet, bool ipv6, ebb_reason reason);
  std::vector<CorpusPacket> take() { return std::move(packets_); }

 private:
  std::vector<CorpusPacket> packets_;
};

void add_link_corpus(Corpus& corpus);      // ARP, and what is not IP
void add_control_corpus(Corpus& corpus);   // ICMP, IGMP, MLD, neighbour discovery
void add_services_corpus(Corpus& corpus);  // DHCP, mDNS, PTP, SSH, tunnels

// Parts of packets.
Bytes joined(std::initializer_list<Bytes> parts);
Bytes be16(unsigned value);
Bytes zeros(std::size_t size);
Bytes bytes_of(const Mac& mac);
Bytes bytes_of(const std::string& address);  // 4 or 16

// IEEE 1588-2019: message types and their sizes, over Ethernet and over UDP alike.
inline constexpr std::pair<unsigned, std::size_t> ptp_types[] = {
    {0, 44}, {1, 44}, {2, 54}, {3, 54}, {8, 44}, {9, 54}, {10, 54}, {11, 64}, {12, 44}, {13, 48}};
Bytes ptp_message(unsigned type, std::size_t size);

}  // namespace ebb::test
