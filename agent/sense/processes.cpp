// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/processes.hpp"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace ebb {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

bool is_number(const char* name) { return name[0] >= '0' && name[0] <= '9'; }

}  // namespace

void each_process(const std::function<void(const std::string&)>& action, const std::string& root) {
  const std::string path = root + "/proc";
  const Folder proc(opendir(path.c_str()));
  while (const dirent* entry = proc ? readdir(proc.get()) : nullptr)
    if (is_number(entry->d_name)) action(path + "/" + entry->d_name);
}

void each_socket(const std::string& folder, const std::function<void(std::uint64_t)>& action) {
  const Folder files(opendir((folder + "/fd").c_str()));
  std::array<char, 64> target{};
  while (const dirent* entry = files ? readdir(files.get()) : nullptr) {
    if (!is_number(entry->d_name)) continue;
    const ssize_t length = readlinkat(dirfd(files.get()), entry->d_name, target.data(), target.size() - 1);
    if (length <= 8 || std::memcmp(target.data(), "socket:[", 8) != 0) continue;
    target[static_cast<std::size_t>(length)] = '\0';
    action(std::strtoull(target.data() + 8, nullptr, 10));
  }
}

}  // namespace ebb
