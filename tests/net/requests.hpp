// SPDX-License-Identifier: GPL-2.0-or-later
// Requests that a host answers by itself (ARP, neighbour solicitation, echo), built byte by byte, and what
// their replies mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/packets.hpp"

namespace ebb::test {

// One pair of the Lab: where the requests come from and whom they ask.
struct Site {
  std::string hook, node, near;  // interfaces
  Mac node_mac, near_mac;
  std::string net4, net6;  // "192.0.2.", "2001:db8::": the node has .1 and ::1, the neighbour .2 and ::2

  std::string node4(int host = 1) const { return net4 + std::to_string(host); }
  std::string node6(int host = 1) const { return net6 + std::to_string(host); }
  std::string near4() const { return node4(2); }
  std::string near6() const { return node6(2); }
};

struct Request {
  std::string name;
  Bytes frame;
  bool plain = false;  // the hook itself has to answer it; others it may leave to the stack
};

std::string mac_text(const Mac& mac);  // "02:00:00:00:00:01"

Bytes arp_request(const Site& site, const std::string& target);                     // broadcast
Bytes echo_request(const Site& site, const std::string& target, std::size_t size);  // either family
Bytes solicitation(const Site& site, const std::string& target);                    // multicast

// Plain requests for node4() and node6() in every size that fits, and odd ones: other senders, corrupt,
// fragmented, with options, for addresses of others, of other interfaces, of groups. `elsewhere`: an address
// of the node on another interface. The node has to know .77 and ::77 as names of the neighbour.
std::vector<Request> all_requests(const Site& site, const Site& elsewhere);

// Address probes, which the stack has to see: ARP from 0.0.0.0, and a solicitation from ::.
std::vector<Request> probes(const Site& site, const std::string& ipv4, const std::string& ipv6);

// An ARP reply, neighbour advertisement or echo reply?
bool is_reply(const Bytes& frame);

// What a reply says: without what the stack itself chooses anew each time (IPv4 identification, IPv6 flow
// label) and what lies behind the L3 length. Nothing: its sender cannot have meant it, a checksum is wrong.
std::optional<Bytes> meaning(const Bytes& frame);

}  // namespace ebb::test
