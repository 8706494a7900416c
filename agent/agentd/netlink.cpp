// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/netlink.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace ebb {

Result<Fd> open_link_events() {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return fail_errno("cannot open a netlink socket", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot listen for interface changes", errno);
  for (const int group : {RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF})
    if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return fail_errno("cannot listen for forwarding changes", errno);
  return fd;
}

void drain_link_events(int fd) {
  std::array<char, 16384> buffer;
  while (recv(fd, buffer.data(), buffer.size(), 0) > 0 || errno == ENOBUFS || errno == EINTR) errno = 0;
}

}  // namespace ebb
