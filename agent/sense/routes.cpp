// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/routes.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>

#include "sense/netlink.hpp"

namespace ebb {
namespace {

// The interfaces of a route with several next hops.
void add_next_hops(std::string_view bytes, std::set<int>& out) {
  while (bytes.size() >= sizeof(rtnexthop)) {
    rtnexthop hop{};
    std::memcpy(&hop, bytes.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > bytes.size()) return;
    out.insert(hop.rtnh_ifindex);
    bytes.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), bytes.size()));
  }
}

void add_default_route(const NetlinkMessage& message, std::set<int>& out) {
  const auto head = message.header<rtmsg>();
  if (message.type != RTM_NEWROUTE || head.rtm_dst_len != 0 || head.rtm_type != RTN_UNICAST) return;
  const Attributes attributes(message.attributes<rtmsg>());
  if (attributes.number(RTA_TABLE).value_or(head.rtm_table) != RT_TABLE_MAIN) return;
  if (const auto ifindex = attributes.number(RTA_OIF)) out.insert(static_cast<int>(*ifindex));
  if (const auto hops = attributes[RTA_MULTIPATH]) add_next_hops(*hops, out);
}

}  // namespace

Result<std::set<int>> default_route_interfaces() {
  std::set<int> out;
  for (const int family : {AF_INET, AF_INET6}) {
    rtmsg request{};
    request.rtm_family = static_cast<std::uint8_t>(family);
    auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETROUTE, &request, sizeof request);
    if (!messages) return fail_errno("cannot read the routes of this machine", messages.error().number);
    for (const auto& message : *messages) add_default_route(message, out);
  }
  return out;
}

}  // namespace ebb
