// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/surroundings.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ebb {
namespace {

struct Seen {
  bool addresses = false, links = false;
};

bool is_default_route(const char* body, std::size_t size) {
  rtmsg route{};
  if (size < sizeof route) return false;
  std::memcpy(&route, body, sizeof route);
  return route.rtm_dst_len == 0;
}

void look(const char* at, std::size_t left, Seen& seen) {
  nlmsghdr header{};
  while (left >= sizeof header) {
    std::memcpy(&header, at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) return;
    switch (header.nlmsg_type) {
      case RTM_NEWADDR:
      case RTM_DELADDR:
        seen.addresses = true;
        break;
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        seen.links |= is_default_route(at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
        break;
      default:
        seen.links = true;
    }
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
    at += step;
    left -= step;
  }
}

Seen drain(int fd) {
  Seen seen;
  std::array<char, 32768> buffer;
  for (;;) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got > 0)
      look(buffer.data(), static_cast<std::size_t>(got), seen);
    else if (got < 0 && errno == ENOBUFS)  // messages were lost
      seen = {true, true};
    else if (got == 0 || errno != EINTR)
      return seen;
  }
}

// Has the kernel tell of an interface that is always there: its answer comes like an event. So what changed
// before the socket listened is looked at, too.
Status ask_for_event(int fd) {
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.link.ifi_index = 1;  // loopback
  if (send(fd, &request, sizeof request, 0) < 0) return fail_errno("cannot ask for the interfaces", errno);
  return {};
}

}  // namespace

Result<Surroundings> Surroundings::open(Loop& loop, std::function<void(Change)> changed) {
  Surroundings out;
  out.socket_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!out.socket_) return fail_errno("cannot open a netlink socket", errno);
  const int fd = out.socket_.get();
  for (const int group :
       {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF})
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return fail_errno("cannot listen for changes of the network", errno);
  auto added = loop.add(fd, EPOLLIN, [fd, changed = std::move(changed)](std::uint32_t) {
    const Seen seen = drain(fd);
    if (seen.addresses) changed(Change::addresses);
    if (seen.links) changed(Change::links);
  });
  if (added) added = ask_for_event(fd);
  if (!added) return tl::unexpected(added.error());
  return out;
}

Status Surroundings::follow_routes(bool yes) {
  if (yes == routes_) return {};
  for (const int group : {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE})
    if (setsockopt(socket_.get(), SOL_NETLINK, yes ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
                   sizeof group) != 0)
      return fail_errno("cannot listen for changes of the routes", errno);
  routes_ = yes;
  return yes ? ask_for_event(socket_.get()) : Status();
}

}  // namespace ebb
