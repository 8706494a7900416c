// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/listener.hpp"

#include <netinet/tcp.h>

#include <algorithm>
#include <charconv>

namespace ebb {
namespace {

constexpr std::uint8_t syn = 0x02, ack = 0x10;

struct End {
  Address address{};
  bool ipv6 = false;
  bool any() const { return address == Address{}; }
};

// ::ffff:192.0.2.1 is 192.0.2.1.
End end_of(const Address& address, bool ipv6) {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!ipv6 || !std::ranges::equal(mapped, std::span(address).first<12>())) return {address, ipv6};
  End end;
  std::copy_n(address.begin() + 12, 4, end.address.begin());
  return end;
}

bool same(const End& end, const Address& address, bool ipv6) {
  return end.ipv6 == ipv6 && end.address == address;
}

std::string end_words(const End& end, std::uint16_t port) {
  const bool brackets = end.ipv6 && !end.any();
  std::string words = brackets ? "[" : "";
  words += end.any() ? "*" : address_text(end.address, end.ipv6);
  words += brackets ? "]:" : ":";
  return words + std::to_string(port);
}

}  // namespace

// An IPv6 socket bound to any address takes IPv4 too, unless it was made IPv6 only, which sock_diag does not
// tell.
bool wants(const Socket& socket, const Tuple& tuple, int ifindex) {
  if (socket.proto != tuple.proto || !tuple.dport || socket.local_port != *tuple.dport) return false;
  if (socket.ifindex != 0 && socket.ifindex != static_cast<std::uint32_t>(ifindex)) return false;
  const End local = end_of(socket.local, socket.ipv6), remote = end_of(socket.remote, socket.ipv6);
  if (local.any() ? tuple.ipv6() && !local.ipv6 : !same(local, tuple.dst, tuple.ipv6())) return false;
  return socket.remote_port == 0 ||
         (socket.remote_port == tuple.sport && same(remote, tuple.src, tuple.ipv6()));
}

bool FlowName::names(const Socket& socket) const {
  if (!address) return socket.local_port == port;
  const auto is = [this](const Address& end, bool v6, std::uint16_t number) {
    return number == port && same(end_of(end, v6), *address, ipv6);
  };
  return is(socket.local, socket.ipv6, socket.local_port) ||
         is(socket.remote, socket.ipv6, socket.remote_port);
}

Result<FlowName> parse_flow(const std::string& text) {
  FlowName flow;
  const auto colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), flow.port);
  bool good = error == std::errc{} && end == port.data() + port.size() && flow.port != 0;
  if (good && colon != std::string::npos) {
    std::string address = text.substr(0, colon);
    const bool brackets = address.starts_with('[') && address.ends_with(']');
    if (brackets) address = address.substr(1, address.size() - 2);
    flow.address = parse_address(address, flow.ipv6);
    good = flow.address && flow.ipv6 == brackets;
  }
  if (!good)
    return fail("'" + text + "' does not name a flow", "PORT, ADDRESS:PORT or [IPV6]:PORT", exit_usage);
  return flow;
}

Tuple packet_to(const Socket& socket) {
  const End local = end_of(socket.local, socket.ipv6), remote = end_of(socket.remote, socket.ipv6);
  Tuple tuple;
  const bool ipv6 = remote.any() ? local.ipv6 : remote.ipv6;
  tuple.ethertype = ipv6 ? 0x86dd : 0x0800;
  tuple.proto = socket.proto;
  tuple.src = remote.address;
  tuple.dst = local.address;
  tuple.sport = socket.remote_port;
  tuple.dport = socket.local_port;
  tuple.tcp_flags = socket.state == TCP_LISTEN ? syn : ack;
  return tuple;
}

std::string socket_words(const Socket& socket) {
  const End local = end_of(socket.local, socket.ipv6), remote = end_of(socket.remote, socket.ipv6);
  std::string words = proto_word(socket.proto) + " " + end_words(local, socket.local_port);
  if (socket.remote_port != 0) return words + ", with " + end_words(remote, socket.remote_port);
  return words + (socket.state == TCP_LISTEN ? ", listening" : "");
}

}  // namespace ebb
