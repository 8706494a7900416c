// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration on trial (`reload --confirm`): until somebody confirms it, what was confirmed before lies
// in a file, so that it comes back whatever happens: at the end of the time, or at the next start of an
// agent.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "config/config.hpp"

namespace ebb {

class Trial {
 public:
  enum class Phase : std::uint8_t { confirmed, unconfirmed, rolled_back };

  // `path`: the file. It exists exactly while the phase is not `confirmed`.
  static Result<Trial> open(std::string path);

  // At a start: what was confirmed, where an earlier agent left the file; then the phase is rolled_back.
  Result<std::optional<Config>> left_over();

  // Before a new configuration is applied: keeps `running`, unless an older one is kept that was confirmed.
  // `in_force` is what a person set beside the configuration.
  Status prepare(const Config& running, Enforcement in_force);
  void cancel();                          // it could not be applied: all is as before prepare()
  void begin(std::chrono::seconds time);  // it runs, unconfirmed

  // What runs now is confirmed: the file goes. On an error nothing changed.
  Status confirm();

  // Readable when the time is over; expired() says whether it really is.
  int timer() const { return timer_.get(); }
  bool expired();
  const Config& roll_back();  // the configuration to run again

  Phase phase() const { return phase_; }
  std::chrono::system_clock::time_point until() const { return until_; }  // while unconfirmed
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Fd timer_;
  Phase phase_ = Phase::confirmed;
  Config kept_;           // while not confirmed
  bool written_ = false;  // by the last prepare()
  std::chrono::system_clock::time_point until_;

  void arm(std::chrono::seconds time);  // 0: disarms
};

}  // namespace ebb
