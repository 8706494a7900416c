// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/addresses.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "sense/netlink.hpp"

namespace ebb {
namespace {

// In the loopback interface's own number: 1 in every network namespace.
constexpr int loopback_ifindex = 1;

std::optional<OwnAddress> read_address(const NetlinkMessage& message) {
  const auto head = message.header<ifaddrmsg>();
  if (message.type != RTM_NEWADDR || (head.ifa_family != AF_INET && head.ifa_family != AF_INET6))
    return std::nullopt;
  const Attributes attributes(message.attributes<ifaddrmsg>());
  const auto flags = attributes.number(IFA_FLAGS).value_or(head.ifa_flags);
  if (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED)) return std::nullopt;
  auto bytes = attributes[IFA_LOCAL];  // IFA_ADDRESS is the peer's on a point-to-point link
  if (!bytes) bytes = attributes[IFA_ADDRESS];
  OwnAddress out;
  out.ipv6 = head.ifa_family == AF_INET6;
  if (!bytes || bytes->size() != (out.ipv6 ? 16U : 4U)) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.address.begin());
  out.ifindex = static_cast<int>(head.ifa_index);
  out.answer = head.ifa_scope <= RT_SCOPE_LINK && out.ifindex != loopback_ifindex;
  return out;
}

}  // namespace

Result<std::vector<OwnAddress>> read_addresses() {
  const ifaddrmsg everything{};  // of every family and interface
  auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETADDR, &everything, sizeof everything);
  if (!messages) return fail_errno("cannot read the addresses of this machine", messages.error().number);
  std::vector<OwnAddress> out;
  for (const auto& message : *messages)
    if (const auto one = read_address(message)) out.push_back(*one);
  return out;
}

}  // namespace ebb
