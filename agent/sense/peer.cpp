// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/peer.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "sense/netlink.hpp"

namespace ebb {

bool peer_runs_xdp(const Link& veth) {
  if (veth.kind != "veth" || veth.peer == 0) return false;
  struct {
    ifinfomsg head;
    rtattr attribute;
    std::int32_t id;  // of the namespace, as ours calls it (Linux 4.15)
  } request{};
  request.attribute = {sizeof(rtattr) + sizeof request.id, IFLA_TARGET_NETNSID};
  request.id = veth.peer_namespace.value_or(0);
  const auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETLINK, &request,
                                     veth.peer_namespace ? sizeof request : sizeof request.head);
  if (!messages) return false;
  for (const auto& message : *messages) {
    if (message.type != RTM_NEWLINK || message.header<ifinfomsg>().ifi_index != veth.peer) continue;
    const Attributes attributes(message.attributes<ifinfomsg>());
    const auto xdp = attributes[IFLA_XDP];
    if (!xdp) return false;
    const auto attached = Attributes(*xdp)[IFLA_XDP_ATTACHED];
    return attached && !attached->empty() &&
           (attached->front() == XDP_ATTACHED_DRV || attached->front() == XDP_ATTACHED_MULTI);
  }
  return false;
}

}  // namespace ebb
