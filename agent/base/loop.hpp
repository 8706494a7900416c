// SPDX-License-Identifier: GPL-2.0-or-later
// The one event loop: epoll, one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

class Loop {
 public:
  using Handler = std::function<void(std::uint32_t epoll_events)>;

  static Result<Loop> open();

  // Watches `fd` (the caller keeps owning it) until remove(). A handler may add and remove any fd, its own
  // too.
  Status add(int fd, std::uint32_t epoll_events, Handler handler);
  Status modify(int fd, std::uint32_t epoll_events);
  void remove(int fd);

  // A periodic timer; the returned fd is the timer's, and disarms it when closed.
  Result<Fd> every(std::chrono::milliseconds period, std::function<void()> handler);

  void run();  // until stop()
  void stop() { running_ = false; }
  std::uint64_t wakeups() const { return wakeups_; }  // returns of epoll_wait since the start

 private:
  Fd epoll_;
  std::map<int, std::shared_ptr<Handler>> handlers_;
  bool running_ = false;
  std::uint64_t wakeups_ = 0;
};

}  // namespace ebb
