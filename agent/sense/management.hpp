// SPDX-License-Identifier: GPL-2.0-or-later
// Ports that keep the machine reachable, and ports that somebody listens to.
#pragma once

#include <cstdint>
#include <map>
#include <set>

namespace ebb {

// TCP ports on which an SSH server listens: the listening sockets that a process called sshd, sshd-session or
// dropbear has open, or that a unit made whose name begins with "ssh" or "dropbear". Empty if the kernel or
// /proc does not say.
class SshPorts {
 public:
  // Whose the sockets are is asked of every process, about a millisecond for 300 of them: only where the
  // listening sockets are other ones than before, and at each 12th reading, since a socket can be handed on.
  const std::set<std::uint16_t>& read();

 private:
  std::map<std::uint64_t, std::uint16_t> listening_;  // inode -> port
  std::set<std::uint16_t> ports_;
  unsigned readings_ = 0;
};

// Is a UDP socket bound to this port? Yes if the kernel does not say.
bool udp_port_open(std::uint16_t port);

}  // namespace ebb
