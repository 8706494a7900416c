// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/link.hpp"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/fd.hpp"
#include "sense/netlink.hpp"

namespace ebb {
namespace {

std::optional<Link> read_link(const NetlinkMessage& message) {
  if (message.type != RTM_NEWLINK) return std::nullopt;
  const auto head = message.header<ifinfomsg>();
  const Attributes attributes(message.attributes<ifinfomsg>());
  Link out;
  out.ifindex = head.ifi_index;
  out.name = attributes.text(IFLA_IFNAME);
  out.hardware = head.ifi_type;
  out.flags = head.ifi_flags;
  if (const auto mac = attributes[IFLA_ADDRESS]; mac && mac->size() == out.mac.size())
    std::memcpy(out.mac.data(), mac->data(), out.mac.size());
  if (const auto info = attributes[IFLA_LINKINFO]) out.kind = Attributes(*info).text(IFLA_INFO_KIND);
  if (out.kind == "veth") {
    out.peer = static_cast<int>(attributes.number(IFLA_LINK).value_or(0));
    if (const auto id = attributes.number(IFLA_LINK_NETNSID)) out.peer_namespace = static_cast<int>(*id);
  }
  if (!attributes[IFLA_LINK_NETNSID])  // otherwise the number is one of another namespace
    out.lower = static_cast<int>(attributes.number(IFLA_LINK).value_or(0));
  if (out.lower == out.ifindex) out.lower = 0;
  out.master = static_cast<int>(attributes.number(IFLA_MASTER).value_or(0));
  return out;
}

}  // namespace

bool Link::loopback() const { return flags & IFF_LOOPBACK; }

bool Link::resolves() const { return !(flags & (IFF_NOARP | IFF_LOOPBACK)); }

LinkType link_type(unsigned hardware) {
  switch (hardware) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return LinkType::ether;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
    case ARPHRD_RAWIP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
      return LinkType::ip;
    default:
      return LinkType::other;
  }
}

Result<std::vector<Link>> read_links() {
  const ifinfomsg everything{};
  auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETLINK, &everything, sizeof everything);
  if (!messages) return fail_errno("cannot list the interfaces", messages.error().number);
  std::vector<Link> out;
  for (const auto& message : *messages)
    if (auto one = read_link(message)) out.push_back(std::move(*one));
  return out;
}

std::set<int> carries_strangers(const std::vector<Link>& links) {
  ndmsg request{};
  request.ndm_family = AF_BRIDGE;  // the devices' own address filters, too
  std::set<int> out;
  const auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETNEIGH, &request, sizeof request);
  if (!messages) return out;  // no bridge code in this kernel has no such list either
  for (const auto& message : *messages) {
    const auto head = message.header<ndmsg>();
    const auto address = Attributes(message.attributes<ndmsg>())[NDA_LLADDR];
    if (message.type != RTM_NEWNEIGH || !(head.ndm_flags & NTF_SELF) || !address || address->size() != 6)
      continue;
    Mac mac{};
    std::memcpy(mac.data(), address->data(), mac.size());
    const bool ours =
        std::any_of(links.begin(), links.end(), [&](const Link& one) { return one.mac == mac; });
    if (!(mac[0] & 1) && !ours) out.insert(head.ndm_ifindex);
  }
  return out;
}

std::optional<bool> takes_tags_out(const std::string& interface) {
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_value value{ETHTOOL_GFLAGS, 0};
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (!fd || ioctl(fd.get(), SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data & ETH_FLAG_RXVLAN;
}

std::string why_not_xdp(const Link& link, const std::vector<Link>& links, std::optional<bool> tags_out) {
  if (link_type(link.hardware) == LinkType::ip) return "no Ethernet header";
  if (tags_out == false) return "";
  const auto vlan = std::find_if(links.begin(), links.end(), [&](const Link& one) {
    return one.kind == "vlan" && one.lower == link.ifindex;
  });
  if (vlan == links.end()) return "";
  return "carries " + vlan->name + ", and " +
         (tags_out ? "the device takes VLAN tags out"
                   : "nobody knows whether the device takes VLAN tags out") +
         " before XDP could see them";
}

}  // namespace ebb
