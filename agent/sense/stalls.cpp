// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/stalls.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include <cerrno>

namespace ebb {
namespace {

constexpr unsigned window_us = 10'000'000;

// Without CAP_SYS_RESOURCE until the end of the block.
class Unprivileged {
 public:
  Unprivileged() {
    known_ = syscall(SYS_capget, &head_, original_) == 0;
    __user_cap_data_struct without[2] = {original_[0], original_[1]};
    without[0].effective &= ~(1U << CAP_SYS_RESOURCE);
    known_ = known_ && syscall(SYS_capset, &head_, without) == 0;
  }
  ~Unprivileged() {
    if (known_) syscall(SYS_capset, &head_, original_);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  explicit operator bool() const { return known_; }

 private:
  __user_cap_header_struct head_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct original_[2]{};
  bool known_ = false;
};

bool set_trigger(int fd, unsigned stall_us, unsigned window) {
  const std::string text = "some " + std::to_string(stall_us) + " " + std::to_string(window);
  return write(fd, text.c_str(), text.size() + 1) > 0;
}

}  // namespace

Result<Fd> open_stall_trigger(const std::string& path, unsigned percent) {
  const Unprivileged lowered;
  if (!lowered) return fail_errno("cannot give up CAP_SYS_RESOURCE", errno);
  const auto open_it = [&] { return Fd(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)); };
  // The cheap kind looks every two seconds, so it refuses a window of one.
  if (const Fd probe = open_it(); !probe)
    return fail_errno("cannot open " + path, errno);
  else if (set_trigger(probe.get(), 100'000, 1'000'000))
    return fail(path + ": this kernel's triggers poll");
  Fd fd = open_it();
  if (!fd || !set_trigger(fd.get(), window_us / 100 * percent, window_us))
    return fail_errno("cannot set a trigger of " + path, errno);
  return fd;
}

}  // namespace ebb
