// SPDX-License-Identifier: GPL-2.0-or-later
// A recorded tree that changes as it did when it was recorded: the files of a folder, and in changes.jsonl
// one line per change, in order of time:
//   {"at": 5000, "path": "/sys/class/power_supply/AC/online", "text": "0"}    text null: the file is gone
//   {"at": 60000}                                                             the record ends here
// `at` is in milliseconds since the record's beginning. After its end the last values stay.
#pragma once

#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sense/tree.hpp"

namespace ebb {

inline constexpr const char* changes_file = "changes.jsonl";

bool is_record(const std::string& folder);

class Replay : public Tree {
 public:
  static Result<std::unique_ptr<Replay>> open(const std::string& folder);

  void move_to(std::chrono::milliseconds now) override;  // the first time begins the record
  std::optional<std::chrono::milliseconds> recorded() const override { return at_; }
  bool over() const override { return !next_; }
  Status failure() const override { return failure_; }

  Result<std::string> read(const std::string& path) override;
  std::vector<std::string> list(const std::string& folder) override;
  std::string where(const std::string& path) const override { return folder_ + path; }

 private:
  struct Change {
    std::chrono::milliseconds at;
    std::string path;  // "": nothing but the time
    std::optional<std::string> text;
  };
  void look_ahead();  // the next line, into next_

  std::string folder_;
  std::map<std::string, std::string> files_;  // as they are now
  std::ifstream changes_;
  unsigned line_ = 0;
  std::optional<Change> next_;
  std::optional<std::chrono::milliseconds> begin_, at_;
  Status failure_;
};

}  // namespace ebb
