// SPDX-License-Identifier: GPL-2.0-or-later
// Ports that keep the machine reachable, and ports that somebody listens to.
#pragma once

#include <cstdint>
#include <set>

namespace ebb {

// TCP ports on which an SSH server listens: the listening sockets that a process called sshd, sshd-session or
// dropbear has open, or that a unit made whose name begins with "ssh" or "dropbear". Empty if the kernel or
// /proc does not say. About a millisecond for 300 processes.
std::set<std::uint16_t> ssh_ports();

// Is a UDP socket bound to this port? Yes if the kernel does not say.
bool udp_port_open(std::uint16_t port);

}  // namespace ebb
