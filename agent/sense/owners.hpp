// SPDX-License-Identifier: GPL-2.0-or-later
// Which cgroup owns a local port: the one that made all of its sockets.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "sense/sockets.hpp"

namespace ebb {

// Does `owner` mean the cgroup `path` ("/system.slice/mosquitto.service")? Nobody means "".
bool means(const Owner& owner, std::string_view path);

// The cgroup v2 hierarchy, seen whole.
class Cgroups {
 public:
  // Errors, with the reason that `explain` shows: no cgroup v2 is mounted, or only a part of it is visible,
  // as in a container.
  static Result<Cgroups> open();

  int root() const { return root_.get(); }  // a folder: its mount point

  // The path of a cgroup by its id; "" if it is not there. A path that was asked for stays known after its
  // cgroup is gone, as long as it is kept: a service that restarts has a new id and the old path.
  const std::string& path(std::uint64_t id);
  void keep_only(const std::vector<Socket>& sockets);  // the ids that these have

 private:
  Fd root_;
  std::map<std::uint64_t, std::string> paths_;
  void walk(int folder, const std::string& path);
};

struct Port {
  std::uint8_t proto = 0;  // IPPROTO_TCP or IPPROTO_UDP
  std::uint16_t number = 0;
  auto operator<=>(const Port&) const = default;
};

struct PortOwner {
  std::string path;                // cgroup; "": more than one, or one that is not known
  std::set<std::uint64_t> inodes;  // of its sockets that a process may have open
  // Of the sockets that the port stands on: those that listen, or its connections where none does.
  std::set<std::uint64_t> cookies;
  bool operator==(const PortOwner&) const = default;
};

// `path_of`: the path of a cgroup id, "" if it is not known.
std::map<Port, PortOwner> port_owners(const std::vector<Socket>& sockets,
                                      const std::function<std::string(std::uint64_t)>& path_of);

// Socket inode -> cgroups of the processes that have it open.
using Holders = std::map<std::uint64_t, std::set<std::string>>;

// Reads all of /proc: some milliseconds. Who hides its files is not among the holders (processes.hpp).
Holders read_holders(const std::set<std::uint64_t>& inodes);

// Every socket of the owner is seen in the hands of its own cgroup, and of nobody else.
bool held_by_owner(const PortOwner& owner, const Holders& holders);

}  // namespace ebb
