// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a record of this machine (replay.hpp): the files that the sensors read, and how they change.
#pragma once

#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "sense/sensors.hpp"

namespace ebb {

class Recorder {
 public:
  // `folder` is made; it must be empty. `root`: of what is recorded, "" for this machine.
  static Result<Recorder> open(const std::string& folder, const std::string& root = "");

  // Reads all sensors and writes what has changed; the first time, everything. `at`: since the beginning.
  Status sample(std::chrono::milliseconds at);
  // The record ends here.
  Status finish(std::chrono::milliseconds at);

  std::size_t files() const { return last_.size(); }
  std::size_t changes() const { return changes_count_; }

 private:
  class Noting;
  Recorder() = default;
  Status write(const std::string& path, const std::optional<std::string>& text, std::chrono::milliseconds at);
  Status append(const std::string& line);

  std::string folder_;
  std::optional<Sensors> sensors_;
  Noting* tree_ = nullptr;                   // of sensors_
  std::map<std::string, std::string> last_;  // of each file that is there
  std::ofstream changes_;
  std::size_t changes_count_ = 0;
  bool begun_ = false;
};

}  // namespace ebb
