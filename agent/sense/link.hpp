// SPDX-License-Identifier: GPL-2.0-or-later
// The network interfaces of this namespace, as the kernel lists them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ebb {

enum class LinkType : std::uint8_t {
  ether,  // frames begin with an Ethernet header
  ip,     // packets begin with their IP header: tun, ppp, WireGuard, raw-IP modems
  other,  // something that Ebb cannot parse
};

constexpr const char* word(LinkType type) {
  switch (type) {
    case LinkType::ether:
      return "ether";
    case LinkType::ip:
      return "ip";
    default:
      return "other";
  }
}

using Mac = std::array<std::uint8_t, 6>;

struct Link {
  int ifindex = 0;
  std::string name;
  unsigned hardware = 0;  // ARPHRD_*
  unsigned flags = 0;     // IFF_*
  Mac mac{};              // zero: it has none
  std::string kind;       // "vlan", "bridge", "veth", ...; "" for hardware
  int lower = 0;          // ifindex of the interface that it sits on, if that is in this namespace; 0: none
  int peer = 0;           // of a veth: ifindex of its other end, in
  std::optional<int> peer_namespace = {};  // this namespace's id of that one's; none: here
  int master = 0;                          // ifindex of its bridge, bond, ...; 0: none
  bool loopback() const;
  bool resolves() const;  // neighbours find it by ARP and neighbour discovery
};

LinkType link_type(unsigned hardware);

Result<std::vector<Link>> read_links();

// Interfaces whose device accepts unicast frames for another MAC address than those of `links`: a macvlan in
// another namespace sits on it, which nothing else here shows.
std::set<int> carries_strangers(const std::vector<Link>& links);

// Whether the device takes VLAN tags out of the frames it receives; nothing: it does not say.
std::optional<bool> takes_tags_out(const std::string& interface);

// Why programs in native XDP would see less than they need of this interface; "": they see all. `tags_out` as
// above.
std::string why_not_xdp(const Link& link, const std::vector<Link>& links, std::optional<bool> tags_out);

}  // namespace ebb
