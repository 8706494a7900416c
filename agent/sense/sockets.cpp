// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/sockets.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>

#include "sense/netlink.hpp"

namespace ebb {
namespace {

// TCP states whose sockets receive packets and belong to a cgroup.
std::uint32_t tcp_states(unsigned kinds) {
  std::uint32_t states = 0;
  if (kinds & listening_sockets) states |= 1U << TCP_LISTEN;
  if (kinds & connected_sockets)
    for (const int state : {TCP_ESTABLISHED, TCP_SYN_SENT, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT,
                            TCP_LAST_ACK, TCP_CLOSING})
      states |= 1U << state;
  return states;
}

Socket decode(const NetlinkMessage& message, std::uint8_t proto) {
  const auto seen = message.header<inet_diag_msg>();
  Socket out;
  out.proto = proto;
  out.ipv6 = seen.idiag_family == AF_INET6;
  std::memcpy(out.local.data(), seen.id.idiag_src, out.ipv6 ? 16 : 4);
  std::memcpy(out.remote.data(), seen.id.idiag_dst, out.ipv6 ? 16 : 4);
  out.local_port = ntohs(seen.id.idiag_sport);
  out.remote_port = ntohs(seen.id.idiag_dport);
  out.state = seen.idiag_state;
  out.ifindex = seen.id.idiag_if;
  out.inode = seen.idiag_inode;
  out.cookie = std::uint64_t{seen.id.idiag_cookie[1]} << 32 | seen.id.idiag_cookie[0];
  const auto cgroup = Attributes(message.attributes<inet_diag_msg>())[INET_DIAG_CGROUP_ID];
  if (cgroup && cgroup->size() == sizeof out.cgroup)
    std::memcpy(&out.cgroup, cgroup->data(), sizeof out.cgroup);
  return out;
}

Status append(std::vector<Socket>& out, std::uint8_t family, std::uint8_t proto, std::uint32_t states) {
  inet_diag_req_v2 request{};
  request.sdiag_family = family;
  request.sdiag_protocol = proto;
  request.idiag_states = states;
  auto listed = netlink_dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &request, sizeof request);
  if (!listed) {
    auto error = listed.error();
    error.what = "the kernel does not list its sockets (" + error.what + ")";
    error.hint = "it needs CONFIG_INET_DIAG and CONFIG_INET_UDP_DIAG";
    return tl::unexpected(std::move(error));
  }
  for (const auto& message : *listed) {
    const Socket socket = decode(message, proto);
    // A small TIME_WAIT socket that still counts as FIN_WAIT2: nobody's.
    const bool over = proto == IPPROTO_TCP && socket.inode == 0 && socket.cgroup == 0;
    if (socket.local_port != 0 && !over) out.push_back(socket);
  }
  return {};
}

}  // namespace

Result<std::vector<Socket>> read_sockets(unsigned kinds) {
  std::vector<Socket> out;
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    if (const auto states = tcp_states(kinds))
      if (auto done = append(out, family, IPPROTO_TCP, states); !done) return tl::unexpected(done.error());
    if (kinds & udp_sockets)
      if (auto done = append(out, family, IPPROTO_UDP, ~0U); !done) return tl::unexpected(done.error());
  }
  return out;
}

}  // namespace ebb
