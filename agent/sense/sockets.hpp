// SPDX-License-Identifier: GPL-2.0-or-later
// The sockets of this network namespace, as the kernel lists them (sock_diag).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.hpp"

namespace ebb {

struct Socket {
  std::uint8_t proto = 0;  // IPPROTO_TCP or IPPROTO_UDP
  bool ipv6 = false;
  std::array<std::uint8_t, 16> local{}, remote{};  // network order; IPv4 uses the first 4 bytes
  std::uint16_t local_port = 0, remote_port = 0;   // host order
  std::uint8_t state = 0;                          // TCP_LISTEN, TCP_ESTABLISHED, ... of <netinet/tcp.h>
  std::uint32_t ifindex = 0;                       // it is bound to; 0: any
  std::uint64_t inode = 0;   // 0: no process has it: not accepted yet, or closed and lingering
  std::uint64_t cookie = 0;  // unique while the machine runs
  std::uint64_t cgroup = 0;  // id of the cgroup v2 that made it; 0: the kernel does not say
};

enum SocketKinds : unsigned {
  listening_sockets = 1,
  connected_sockets = 2,
  udp_sockets = 4,
  all_sockets = 7
};

// Those that have a local port, IPv4 and IPv6; connections that no longer are (TIME_WAIT) or are not yet
// (SYN_RECV) are left out. Where many come and go meanwhile, one that stays may be missed.
Result<std::vector<Socket>> read_sockets(unsigned kinds = all_sockets);

}  // namespace ebb
