// SPDX-License-Identifier: GPL-2.0-or-later
// Interfaces: whether they carry, whether they may save power, how much multicast they let in.
#include <map>
#include <sstream>

#include "sense/sources.hpp"

namespace ebb {
namespace {

constexpr std::size_t mac_bytes = 6;  // the shortest address that has multicast
const std::string net_folder = "/sys/class/net";

// Lines "2    eth0            1     0     01005e000001": interface number, name, users, global, address.
// Nothing: the file cannot be read.
Result<std::map<std::string, unsigned>> multicast_addresses(const Probe& probe) {
  const auto text = probe.tree.read("/proc/net/dev_mcast");
  if (!text) return tl::unexpected(text.error());
  std::map<std::string, unsigned> out;
  std::istringstream lines(*text);
  unsigned number = 0, users = 0, global = 0;
  for (std::string name, address, line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (!(words >> number >> name >> users >> global >> address) || address.size() < 2 * mac_bytes)
      return fail(probe.tree.where("/proc/net/dev_mcast") + ": a line is cut short");
    ++out[name];
  }
  return out;
}

}  // namespace

void sense_links(Probe& probe) {
  const auto multicast = multicast_addresses(probe);
  for (const auto& link : probe.names(net_folder)) {
    if (link == "lo") continue;
    const std::string name = "link." + link + ".";
    const Reading& state = probe[name + "state"] = probe.word(net_folder + "/" + link + "/operstate");
    if (!multicast)
      probe[name + "multicast"] = unknown("addresses", multicast.error().what);
    else
      probe[name + "multicast"] = number("addresses", multicast->contains(link) ? multicast->at(link) : 0);

    // EEE is agreed on when the link comes up, and asking may reach down to the PHY.
    const auto last = probe.before.readings.find(name + "state");
    if (last == probe.before.readings.end() || last->second.text != state.text)
      probe.tree.forget("/ethtool/" + link);
    const std::string eee = "/ethtool/" + link + "/eee", power_save = "/nl80211/" + link + "/power_save";
    if (const Reading saves = probe.fixed_word(eee); saves.known()) probe[name + "eee"] = saves;
    if (probe.tree.live() ? probe.exists(net_folder + "/" + link + "/phy80211") : probe.exists(power_save))
      probe[name + "power_save"] = probe.word(power_save);
  }
}

}  // namespace ebb
