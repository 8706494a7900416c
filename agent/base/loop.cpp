// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/loop.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>

namespace ebb {

Result<Loop> Loop::open() {
  Loop loop;
  loop.epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!loop.epoll_) return fail_errno("cannot create the event loop", errno);
  return loop;
}

Status Loop::add(int fd, std::uint32_t events, Handler handler) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return fail_errno("cannot watch a file", errno);
  handlers_[fd] = std::make_shared<Handler>(std::move(handler));
  return {};
}

Status Loop::modify(int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0)
    return fail_errno("cannot watch a file", errno);
  return {};
}

void Loop::remove(int fd) {
  if (handlers_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Result<Fd> Loop::every(std::chrono::milliseconds period, std::function<void()> handler) {
  Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const auto ns = std::chrono::nanoseconds(period).count();
  const timespec once{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  const itimerspec spec{.it_interval = once, .it_value = once};
  if (!timer || timerfd_settime(timer.get(), 0, &spec, nullptr) != 0)
    return fail_errno("cannot set a timer", errno);
  auto added = add(timer.get(), EPOLLIN, [fd = timer.get(), handler = std::move(handler)](std::uint32_t) {
    std::uint64_t expirations = 0;
    if (read(fd, &expirations, sizeof expirations) == sizeof expirations) handler();
  });
  if (!added) return tl::unexpected(added.error());
  return timer;
}

void Loop::run() {
  running_ = true;
  std::array<epoll_event, 16> events;
  while (running_) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    ++wakeups_;
    for (int i = 0; i < count && running_; ++i) {
      const auto found = handlers_.find(events[static_cast<std::size_t>(i)].data.fd);
      if (found == handlers_.end()) continue;
      const auto handler = found->second;  // alive even if the handler removes itself
      (*handler)(events[static_cast<std::size_t>(i)].events);
    }
  }
}

}  // namespace ebb
