// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/pins.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <bpf/bpf.h>

#include "abi.h"

namespace ebb {
namespace fs = std::filesystem;

std::string pin_folder() { return std::string(pin_root) + "/v" + std::to_string(EBB_ABI); }

std::vector<std::string> all_pin_folders() {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(pin_root, error))
    if (entry.path().filename().string().starts_with("v")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

Status check_pins() {
  struct statfs info{};
  if (statfs("/sys/fs/bpf", &info) != 0 || info.f_type != BPF_FS_MAGIC)
    return fail("no BPF file system on /sys/fs/bpf", "mount -t bpf bpf /sys/fs/bpf", exit_usage);
  for (const auto& folder : all_pin_folders())
    if (folder != pin_folder())
      return fail("pins of another ABI are in " + folder + ", this agent's is v" + std::to_string(EBB_ABI),
                  "stop the agent that made them, then run: agentctl restore");
  return {};
}

Result<Fd> open_pin(const std::string& path) {
  Fd fd(bpf_obj_get(path.c_str()));
  if (!fd) return fail_errno("cannot open the pin " + path, errno);
  return fd;
}

std::vector<std::string> remove_pins(const std::string& folder) {
  std::vector<std::string> removed;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (unlink(entry.path().c_str()) == 0) removed.push_back("removed the pin " + entry.path().string());
  if (rmdir(folder.c_str()) == 0 && removed.empty()) removed.push_back("removed the folder " + folder);
  rmdir(pin_root);
  return removed;
}

}  // namespace ebb
