// SPDX-License-Identifier: GPL-2.0-or-later
// Which sockets does a packet, or a question about a flow, mean?
#pragma once

#include <optional>
#include <string>

#include "agentd/tuple.hpp"
#include "base/result.hpp"
#include "sense/sockets.hpp"

namespace ebb {

// The kernel would give this TCP or UDP packet, which came in on `ifindex`, to the socket.
bool wants(const Socket& socket, const Tuple& tuple, int ifindex);

// "5353": a local port. "192.0.2.9:443", "[2001:db8::1]:443": either end of the flow.
struct FlowName {
  std::optional<Address> address;
  bool ipv6 = false;
  std::uint16_t port = 0;

  bool names(const Socket& socket) const;
};
Result<FlowName> parse_flow(const std::string& text);

// A packet that the other end of the socket sends: its next data or, to a TCP listener, a connection request.
// Ends that the socket leaves open are all zero. IPv4 traffic of an IPv6 socket is IPv4.
Tuple packet_to(const Socket& socket);

std::string socket_words(const Socket& socket);  // "tcp *:22, listening"

}  // namespace ebb
