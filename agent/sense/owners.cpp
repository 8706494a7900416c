// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/owners.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/file.hpp"
#include "sense/processes.hpp"

namespace ebb {
namespace {

constexpr std::uint64_t root_id = 1;
constexpr int max_depth = 32;  // cgroups within cgroups that are followed; what is deeper has no name

// The id of a cgroup, 64 bits also where an inode number has 32: the kernel's file handle is the id. 0: it
// has none.
std::uint64_t cgroup_id(int folder, const char* name, int flags) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
  auto* handle = reinterpret_cast<file_handle*>(bytes.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  std::uint64_t id = 0;
  if (name_to_handle_at(folder, name, handle, &mount, flags) != 0 || handle->handle_bytes != sizeof id)
    return 0;
  std::memcpy(&id, bytes.data() + offsetof(file_handle, f_handle), sizeof id);
  return id;
}

// Mount points of cgroup v2, the last mounted first: what was mounted over another one hides it.
Result<std::vector<std::string>> cgroup_mounts() {
  const auto text = read_file("/proc/self/mountinfo", std::size_t{1} << 20);
  if (!text) return tl::unexpected(text.error());
  std::vector<std::string> mounts;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto type = line.find(" - ");
    if (type == std::string::npos || line.compare(type, 11, " - cgroup2 ") != 0) continue;
    std::istringstream words(line);
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;  // id, parent, device, root, mount point
    mounts.insert(mounts.begin(), word);
  }
  return mounts;
}

std::string cgroup_of(const std::string& process) {
  const auto text = read_file(process + "/cgroup");
  std::istringstream lines(text ? *text : "");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "";
}

}  // namespace

bool means(const Owner& owner, std::string_view path) {
  if (path.empty()) return false;
  if (!owner.cgroup) return path.substr(path.rfind('/') + 1) == owner.name;
  std::string_view top = owner.name;
  while (top.ends_with('/')) top.remove_suffix(1);
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

Result<Cgroups> Cgroups::open() {
  const auto mounts = cgroup_mounts();
  if (!mounts) return tl::unexpected(mounts.error());
  bool part = false;
  for (const auto& mount : *mounts) {
    Cgroups out;
    struct statfs seen{};
    out.root_.reset(::open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.root_ || fstatfs(out.root_.get(), &seen) != 0 || seen.f_type != CGROUP2_SUPER_MAGIC) continue;
    if (cgroup_id(out.root_.get(), "", AT_EMPTY_PATH) == root_id) return out;
    part = true;
  }
  if (part)
    return fail("only a part of cgroup v2 is visible here, as in a container",
                "run the agent in the machine's own cgroup namespace");
  return fail("cgroup v2 is not mounted",
              "mount -t cgroup2 none /sys/fs/cgroup/unified; controllers are not needed");
}

void Cgroups::walk(int folder, const std::string& path) {
  DIR* entries = fdopendir(folder);  // takes the descriptor over
  if (!entries) {
    ::close(folder);
    return;
  }
  while (const dirent* entry = readdir(entries)) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    const std::string below = path + "/" + entry->d_name;
    if (const auto id = cgroup_id(folder, entry->d_name, 0)) paths_[id] = below;
    const int next = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (next >= 0 && std::count(below.begin(), below.end(), '/') <= max_depth)
      walk(next, below);
    else if (next >= 0)
      ::close(next);
  }
  closedir(entries);
}

const std::string& Cgroups::path(std::uint64_t id) {
  const auto known = paths_.find(id);
  if (known != paths_.end()) return known->second;
  walk(openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "");
  paths_.insert_or_assign(root_id, std::string("/"));
  return paths_[id];  // one that is not there now never comes: an id is not given twice
}

void Cgroups::keep_only(const std::vector<Socket>& sockets) {
  std::set<std::uint64_t> ids;
  for (const auto& socket : sockets) ids.insert(socket.cgroup);
  std::erase_if(paths_, [&ids](const auto& entry) { return !ids.contains(entry.first); });
}

std::map<Port, PortOwner> port_owners(const std::vector<Socket>& sockets,
                                      const std::function<std::string(std::uint64_t)>& path_of) {
  std::map<Port, PortOwner> owners;
  std::set<Port> listened;
  for (const auto& socket : sockets) {
    const Port port{socket.proto, socket.local_port};
    const std::string path = path_of(socket.cgroup);
    const auto [found, first] = owners.try_emplace(port, PortOwner{path, {}, {}});
    PortOwner& owner = found->second;
    if (!first && owner.path != path) owner.path.clear();
    if (socket.inode == 0) continue;
    owner.inodes.insert(socket.inode);
    const bool listens = socket.proto == IPPROTO_UDP || socket.state == TCP_LISTEN;
    if (listens && listened.insert(port).second) owner.cookies.clear();
    if (listens || !listened.contains(port)) owner.cookies.insert(socket.cookie);
  }
  return owners;
}

Holders read_holders(const std::set<std::uint64_t>& inodes) {
  Holders holders;
  each_process([&](const std::string& process) {
    std::string cgroup;
    each_socket(process, [&](std::uint64_t inode) {
      if (!inodes.contains(inode)) return;
      if (cgroup.empty()) cgroup = cgroup_of(process);
      holders[inode].insert(cgroup);
    });
  });
  return holders;
}

bool held_by_owner(const PortOwner& owner, const Holders& holders) {
  const std::set<std::string> alone = {owner.path};
  return !owner.path.empty() && !owner.inodes.empty() &&
         std::all_of(owner.inodes.begin(), owner.inodes.end(), [&](std::uint64_t inode) {
           const auto found = holders.find(inode);
           return found != holders.end() && found->second == alone;
         });
}

}  // namespace ebb
