// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/recorder.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "sense/asked.hpp"
#include "sense/replay.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;

// What others than the sensors want of a recorded tree: which CPUs are alike (act/masks), what interrupts
// them (doctor).
constexpr const char* cpu_files[] = {"online", "cpu_capacity", "topology/core_id", "topology/cluster_id",
                                     "topology/physical_package_id"};
constexpr const char* other_files[] = {"/proc/interrupts", "/proc/loadavg", "/sys/devices/system/cpu/online",
                                       "/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/present"};

}  // namespace

// Remembers what was read.
class Recorder::Noting : public FileTree {
 public:
  using FileTree::FileTree;
  Result<std::string> read(const std::string& path) override {
    auto text = FileTree::read(path);
    if (text) seen_[path] = *text;
    return text;
  }
  Result<std::string> fixed(const std::string& path) override { return read(path); }
  std::map<std::string, std::string> take() { return std::exchange(seen_, {}); }

 private:
  std::map<std::string, std::string> seen_;
};

Result<Recorder> Recorder::open(const std::string& folder, const std::string& root) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail_errno("cannot make " + folder, error.value());
  if (!fs::is_empty(folder, error))
    return fail(folder + " is not empty", "a record begins in a folder of its own");
  Recorder out;
  out.folder_ = folder;
  auto tree = std::make_unique<Noting>(root);
  out.tree_ = tree.get();
  out.sensors_.emplace(std::move(tree));
  out.changes_.open(folder + "/" + changes_file);
  if (!out.changes_) return fail_errno("cannot write " + folder + "/" + changes_file, errno);
  return out;
}

Status Recorder::sample(std::chrono::milliseconds at) {
  sensors_->read(at);
  if (!begun_) {
    for (const char* file : other_files) (void)tree_->read(file);
    for (const auto& cpu : tree_->list("/sys/devices/system/cpu"))
      for (const char* file : cpu_files) (void)tree_->read("/sys/devices/system/cpu/" + cpu + "/" + file);
  }
  const auto now = tree_->take();
  for (const auto& [path, text] : now) {
    const auto before = last_.find(path);
    if (before != last_.end() && before->second == text) continue;
    last_[path] = text;
    if (auto written = write(path, text, at); !written) return written;
  }
  for (auto it = last_.begin(); it != last_.end();) {
    const bool gone = !now.contains(it->first) &&
                      (is_asked(it->first) || access(tree_->where(it->first).c_str(), F_OK) != 0);
    if (gone)
      if (auto written = write(it->first, std::nullopt, at); !written) return written;
    it = gone ? last_.erase(it) : std::next(it);
  }
  begun_ = true;
  return {};
}

Status Recorder::write(const std::string& path, const std::optional<std::string>& text,
                       std::chrono::milliseconds at) {
  if (begun_) {
    ++changes_count_;
    const nlohmann::json line = {
        {"at", at.count()}, {"path", path}, {"text", text ? nlohmann::json(*text) : nlohmann::json(nullptr)}};
    return append(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  const std::string file = folder_ + path;
  std::error_code error;
  fs::create_directories(fs::path(file).parent_path(), error);
  std::ofstream out(file);
  out << *text << '\n';
  if (!out.flush()) return fail_errno("cannot write " + file, errno);
  return {};
}

Status Recorder::finish(std::chrono::milliseconds at) {
  return append(nlohmann::json{{"at", at.count()}}.dump());
}

Status Recorder::append(const std::string& line) {
  changes_ << line << '\n';
  if (!changes_.flush()) return fail_errno("cannot write " + folder_ + "/" + changes_file, errno);
  return {};
}

}  // namespace ebb
