// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/device_events.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cerrno>

#include "base/log.hpp"
#include "sense/stalls.hpp"
#include "sense/uevents.hpp"

namespace ebb {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_per_second = 3;

// Shares of ten seconds that are worth an early look; sustained pressure is then seen at every interval.
constexpr std::pair<const char*, unsigned> pressures[] = {{"/proc/pressure/cpu", 10},
                                                          {"/proc/pressure/memory", 5}};

}  // namespace

Result<std::unique_ptr<DeviceEvents>> DeviceEvents::open(Loop& loop, Tree& tree,
                                                         std::function<void()> changed) {
  std::unique_ptr<DeviceEvents> out(new DeviceEvents(loop, tree, std::move(changed)));
  auto uevents = open_uevents();
  if (!uevents) return tl::unexpected(uevents.error());
  Fd pause(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!pause) return fail_errno("cannot create a timer", errno);
  DeviceEvents* self = out.get();
  if (auto added = loop.add(uevents->get(), EPOLLIN, [self](std::uint32_t) { self->hear(); }); !added)
    return tl::unexpected(added.error());
  self->uevents_ = std::move(*uevents);
  auto added = loop.add(pause.get(), EPOLLIN, [self](std::uint32_t) {
    std::uint64_t expirations = 0;
    (void)!read(self->pause_.get(), &expirations, sizeof expirations);
    (void)self->loop_.modify(self->uevents_.get(), EPOLLIN);
  });
  if (!added) return tl::unexpected(added.error());
  self->pause_ = std::move(pause);
  self->watch_pressure();
  tree.keep();
  return out;
}

DeviceEvents::~DeviceEvents() {
  for (const Fd* fd : {&uevents_, &pause_})
    if (*fd) loop_.remove(fd->get());
  for (const Fd& fd : triggers_) loop_.remove(fd.get());
}

void DeviceEvents::hear() {
  const auto now = std::chrono::steady_clock::now();
  if (now - second_ > 1s) {
    second_ = now;
    heard_ = 0;
  }
  const auto folders = read_uevents(uevents_.get());
  if (++heard_ >= most_per_second) pause();
  for (const auto& folder : folders) tree_.forget(folder);
  if (!folders.empty()) changed_();
}

void DeviceEvents::pause() {
  const itimerspec once{.it_interval = {}, .it_value = {.tv_sec = 1, .tv_nsec = 0}};
  if (timerfd_settime(pause_.get(), 0, &once, nullptr) == 0) (void)loop_.modify(uevents_.get(), 0);
}

// Where there is none, the pressure is read at every interval all the same.
void DeviceEvents::watch_pressure() {
  for (const auto& [path, percent] : pressures) {
    auto trigger = open_stall_trigger(path, percent);
    if (!trigger) {
      spdlog::debug("{}", trigger.error().what);
      continue;
    }
    const int fd = trigger->get();
    auto added = loop_.add(fd, EPOLLPRI, [this, fd](std::uint32_t events) {
      if (events & EPOLLERR) return loop_.remove(fd);  // the trigger is gone
      changed_();
    });
    if (added) triggers_.push_back(std::move(*trigger));
  }
}

}  // namespace ebb
