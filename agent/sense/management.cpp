// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/management.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "sense/owners.hpp"
#include "sense/processes.hpp"
#include "sense/sockets.hpp"

namespace ebb {

namespace {

constexpr unsigned readings_between = 12;  // a minute of the default interval

std::set<std::uint16_t> owned_by_ssh(const std::vector<Socket>& sockets,
                                     const std::map<std::uint64_t, std::uint16_t>& port_of) {
  constexpr std::array<std::string_view, 3> servers = {"sshd", "sshd-session", "dropbear"};
  std::set<std::uint16_t> ports;
  if (auto cgroups = Cgroups::open())
    for (const auto& socket : sockets) {
      const std::string& path = cgroups->path(socket.cgroup);
      const std::string unit = path.substr(path.rfind('/') + 1);
      if (unit.starts_with("ssh") || unit.starts_with("dropbear")) ports.insert(socket.local_port);
    }
  each_process([&](const std::string& process) {
    const auto name = read_file(process + "/comm", 64);
    if (!name || std::find(servers.begin(), servers.end(), *name) == servers.end()) return;
    each_socket(process, [&](std::uint64_t inode) {
      if (const auto found = port_of.find(inode); found != port_of.end()) ports.insert(found->second);
    });
  });
  return ports;
}

}  // namespace

const std::set<std::uint16_t>& SshPorts::read() {
  const auto sockets = read_sockets(listening_sockets);
  std::map<std::uint64_t, std::uint16_t> listening;
  if (sockets)
    for (const auto& socket : *sockets) listening[socket.inode] = socket.local_port;
  if (readings_++ % readings_between != 0 && listening == listening_) return ports_;
  ports_ = sockets ? owned_by_ssh(*sockets, listening) : std::set<std::uint16_t>{};
  listening_ = std::move(listening);
  return ports_;
}

bool udp_port_open(std::uint16_t port) {
  const auto sockets = read_sockets(udp_sockets);
  return !sockets || std::any_of(sockets->begin(), sockets->end(),
                                 [port](const Socket& socket) { return socket.local_port == port; });
}

}  // namespace ebb
