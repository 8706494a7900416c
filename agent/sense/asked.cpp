// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/asked.hpp"

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/fd.hpp"
#include "sense/netlink.hpp"

namespace ebb {
namespace {

// Energy-efficient Ethernet. A driver may ask its PHY, which takes a millisecond: ask seldom.
Result<std::string> ask_eee(const std::string& interface) {
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_eee eee{};
  eee.cmd = ETHTOOL_GEEE;
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&eee);
  if (!fd || ioctl(fd.get(), SIOCETHTOOL, &request) != 0) return fail_errno("cannot ask " + interface, errno);
  return eee.eee_active ? "active" : eee.eee_enabled ? "enabled" : "disabled";
}

std::uint16_t family_number() {
  const auto answer = generic_netlink(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
                                      std::string_view(NL80211_GENL_NAME, sizeof NL80211_GENL_NAME));
  if (!answer) return 0;
  const auto id = Attributes(answer->attributes<genlmsghdr>())[CTRL_ATTR_FAMILY_ID];
  std::uint16_t number = 0;
  if (id && id->size() >= sizeof number) std::memcpy(&number, id->data(), sizeof number);
  return number;
}

Result<std::string> ask_power_save(const std::string& interface) {
  const std::uint32_t ifindex = if_nametoindex(interface.c_str());
  const std::uint16_t family = family_number();  // there is none before the first Wi-Fi driver is there
  if (!ifindex || !family) return fail_errno("cannot ask " + interface, ENODEV);
  const auto answer =
      generic_netlink(family, NL80211_CMD_GET_POWER_SAVE, NL80211_ATTR_IFINDEX,
                      std::string_view(reinterpret_cast<const char*>(&ifindex), sizeof ifindex));
  if (!answer) return fail_errno("cannot ask " + interface, answer.error().number);
  const auto state = Attributes(answer->attributes<genlmsghdr>()).number(NL80211_ATTR_PS_STATE);
  if (!state) return fail_errno("cannot ask " + interface, ENODATA);
  return *state == NL80211_PS_ENABLED ? "on" : "off";
}

}  // namespace

bool is_asked(const std::string& path) {
  return path.starts_with("/ethtool/") || path.starts_with("/nl80211/");
}

Result<std::string> ask(const std::string& path) {
  const auto begin = path.find('/', 1) + 1, end = path.rfind('/');
  const std::string interface = path.substr(begin, end > begin ? end - begin : 0);
  if (path == "/ethtool/" + interface + "/eee") return ask_eee(interface);
  if (path == "/nl80211/" + interface + "/power_save") return ask_power_save(interface);
  return fail_errno("cannot ask " + path, ENOENT);
}

}  // namespace ebb
