// SPDX-License-Identifier: GPL-2.0-or-later
// The files that the sensors read: of this machine, of a recorded tree, or of a record that is played.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// Bytes. /proc/stat of 4,096 CPUs has 400 kB; what is longer is no file of a sensor.
inline constexpr std::size_t longest_file = std::size_t{1} << 20;

class Tree {
 public:
  virtual ~Tree() = default;

  // The text of "/sys/..." or "/proc/...", without trailing white space, as it is now. The error names the
  // file and has its errno.
  virtual Result<std::string> read(const std::string& path) = 0;

  // The same of a file that changes only with an event: names, trip points, limits of the hardware.
  virtual Result<std::string> fixed(const std::string& path) { return read(path); }

  // From now on somebody calls forget() when something changes.
  virtual void keep() {}

  // What is fixed below this folder is read again at the next time; "": everything.
  virtual void forget(const std::string& folder) { (void)folder; }

  // The names in a folder, "policy2" before "policy10"; none if there is no such folder.
  virtual std::vector<std::string> list(const std::string& folder) = 0;

  // "/sys/..." as people find it.
  virtual std::string where(const std::string& path) const = 0;

  // Of a record that is played: what was recorded until then holds, and how far into it that is.
  virtual void move_to(std::chrono::milliseconds now) { (void)now; }
  virtual std::optional<std::chrono::milliseconds> recorded() const { return std::nullopt; }

  virtual bool over() const { return false; }    // nothing more will change
  virtual Status failure() const { return {}; }  // of the record: the rest cannot be played

  // Whether a read can wake a CPU: the files are the running kernel's.
  virtual bool live() const { return false; }
};

// What is below `root`; "" is this machine.
class FileTree : public Tree {
 public:
  explicit FileTree(const std::string& root);

  // What is fixed is read once, files stay open, and what is missing is not asked for again. Only files of
  // the kernel may be kept so: it answers anew through an open file, and says when its device is gone.
  void keep() override { keeping_ = true; }
  Result<std::string> read(const std::string& path) override;
  Result<std::string> fixed(const std::string& path) override;
  void forget(const std::string& folder) override;
  std::vector<std::string> list(const std::string& folder) override;
  std::string where(const std::string& path) const override { return root_ + path; }
  bool live() const override { return root_.empty(); }

 private:
  Result<std::string> read_kept(const std::string& path);

  std::string root_;
  bool keeping_ = false;
  std::map<std::string, Fd> files_;                   // an empty Fd: missing
  std::map<std::string, Result<std::string>> texts_;  // of fixed()
  std::map<std::string, std::vector<std::string>> lists_;
};

// This machine ("" for `root`), a recorded tree, or a record, which begins with the first sample.
Result<std::unique_ptr<Tree>> open_tree(const std::string& root);

}  // namespace ebb
