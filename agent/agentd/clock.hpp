// SPDX-License-Identifier: GPL-2.0-or-later
// The time by which everything is decided: CLOCK_BOOTTIME, which goes on while the machine is suspended and
// which nobody sets. In a replay it goes one interval per sample instead, however long that took, so that the
// same record gives the same decisions at every speed.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace ebb {

inline std::chrono::milliseconds boot_time() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::milliseconds(now.tv_nsec / 1'000'000);
}

class Clock {
 public:
  // 0: the real time. Otherwise a replay's, that many times as fast.
  explicit Clock(unsigned speed = 0) : speed_(speed), replayed_(boot_time()) {}

  std::chrono::milliseconds now() const { return speed_ ? replayed_ : boot_time(); }

  // An interval has passed: the time of a replay goes on.
  void step(std::chrono::milliseconds interval) { replayed_ += interval; }

  // How long an interval really takes.
  std::chrono::milliseconds real(std::chrono::milliseconds interval) const {
    return speed_ ? std::max(interval / speed_, std::chrono::milliseconds{1}) : interval;
  }

 private:
  unsigned speed_;
  std::chrono::milliseconds replayed_;
};

}  // namespace ebb
