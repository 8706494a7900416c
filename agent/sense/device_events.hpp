// SPDX-License-Identifier: GPL-2.0-or-later
// DeviceEvents before polling: tells when something changed that the sensors read.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "base/loop.hpp"
#include "base/result.hpp"
#include "sense/tree.hpp"

namespace ebb {

class DeviceEvents {
 public:
  // From now on `tree`, which is this machine's, keeps what is fixed, and forgets it when a device says that
  // it changed. Then `changed` is called from the loop: sample now. Both must outlive the DeviceEvents.
  //
  // A storm of events cannot make the agent busy: after a few wakeups in a second nobody listens for another
  // second, and what comes meanwhile is one event.
  static Result<std::unique_ptr<DeviceEvents>> open(Loop& loop, Tree& tree, std::function<void()> changed);
  ~DeviceEvents();
  DeviceEvents(const DeviceEvents&) = delete;
  DeviceEvents& operator=(const DeviceEvents&) = delete;

 private:
  DeviceEvents(Loop& loop, Tree& tree, std::function<void()> changed)
      : loop_(loop), tree_(tree), changed_(std::move(changed)) {}
  void hear();
  void pause();
  void watch_pressure();

  Loop& loop_;
  Tree& tree_;
  std::function<void()> changed_;
  Fd uevents_, pause_;
  std::vector<Fd> triggers_;
  std::chrono::steady_clock::time_point second_;  // began then
  unsigned heard_ = 0;                            // wakeups since
};

}  // namespace ebb
