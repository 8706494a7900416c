// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/knob.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/file.hpp"

namespace ebb {
namespace {

constexpr std::string_view file_kind = "file:";
constexpr std::string_view net_folder = "/sys/class/net/";
constexpr std::string_view cpufreq_folder = "/sys/devices/system/cpu/cpufreq/";
constexpr std::array<std::string_view, 3> file_folders = {"/sys/", "/proc/sys/", "/proc/irq/"};

class FileKnob : public Knob {
 public:
  explicit FileKnob(std::string path) : path_(std::move(path)) {}
  std::string id() const override { return std::string(file_kind) + path_; }
  Result<std::string> read() const override { return read_file(path_); }
  Status write(const std::string& value) const override { return write_file(path_, value); }
  Status unset() const override { return write_file(path_, "\n"); }

  std::string identity() const override {
    if (path_.starts_with(net_folder))
      return read_file(path_.substr(0, path_.find('/', net_folder.size())) + "/ifindex").value_or("");
    struct stat info{};
    if (path_.starts_with("/proc/sys/") || stat(path_.c_str(), &info) != 0) return "";
    return std::to_string(info.st_ino);
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Knob> file_knob(std::string path) { return std::make_unique<FileKnob>(std::move(path)); }

Result<std::unique_ptr<Knob>> knob_from_id(const std::string& id) {
  if (!id.starts_with(file_kind)) return fail("'" + id + "' is not a knob that Ebb knows");
  const std::string path = id.substr(file_kind.size());
  const bool inside = std::any_of(file_folders.begin(), file_folders.end(),
                                  [&](std::string_view folder) { return path.starts_with(folder); });
  if (!inside || (path + "/").find("/../") != std::string::npos || path.find('\0') != std::string::npos)
    return fail("'" + path + "' is not a setting of the kernel",
                "somebody changed the journal: Ebb writes only below /sys, /proc/sys and /proc/irq");
  if (path.starts_with(cpufreq_folder) &&
      (path.ends_with("/scaling_max_freq") || path.ends_with("/scaling_min_freq")))
    return cpufreq_limit(path);
  return file_knob(path);
}

}  // namespace ebb
