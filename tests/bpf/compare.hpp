// SPDX-License-Identifier: GPL-2.0-or-later
// Both packet objects in the same situation, run over the same frames, each against the reference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/biased.hpp"
#include "support/testrun.hpp"

namespace ebb::test {

class Both {
 public:
  // Loads the objects and opens the sockets of Biased::situation().
  static Result<Both> load();

  // The policy and the situation in force from now on. A policy may stay while the situation changes, but for
  // what is compiled in: masks, services, the listener to names.
  void set(Config config, std::vector<std::uint8_t> slots, Situation now);
  void set(const Situation& now);
  // Random ones.
  void renew(Biased& biased);

  // Runs the frame through both. "" if action, bytes and every counter are as the reference says, else what
  // differs.
  std::string compare(const Bytes& frame);

  const Config& config() const { return config_; }
  const Situation& now() const { return now_; }
  // Of the last frame, on XDP.
  const Outcome& expected() const { return expected_; }
  std::vector<PacketObject>& objects() { return objects_; }

 private:
  Both() = default;
  std::vector<PacketObject> objects_;
  std::vector<Fd> sockets_;
  std::unique_ptr<ebb_bank> bank_ = std::make_unique<ebb_bank>();
  Config config_;
  std::vector<std::uint8_t> slots_;
  Situation now_;
  Outcome expected_;
};

}  // namespace ebb::test
