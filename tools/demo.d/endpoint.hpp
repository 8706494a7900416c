// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses, sockets, clocks and threads of the traffic program.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb::traffic {

inline constexpr int any_cpu = -1;

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// A numeric IPv4 or IPv6 address and a port.
Result<Endpoint> endpoint(const std::string& address, std::uint16_t port);

// A bound UDP socket with a receive buffer of 32 MiB, so that a slow reader is not taken for a lossy network,
// and with SO_RXQ_OVFL, so that it is seen if it happens all the same.
Result<Fd> udp_receiver_socket(const Endpoint& local);
Result<Fd> udp_sender_socket(const Endpoint& to);

std::int64_t now_ns();  // monotonic
void sleep_until(std::int64_t at_ns);
void run_on_cpu(int cpu);      // the calling thread; any_cpu leaves it free. Also asks for exact timers
int incoming_cpu(int socket);  // where the kernel handled the socket's last packet; -1: unknown

}  // namespace ebb::traffic
