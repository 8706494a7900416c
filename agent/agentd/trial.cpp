// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/trial.hpp"

#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace ebb {
namespace {

constexpr std::size_t max_text = (1 << 20) + 1;  // more than a configuration may have

}  // namespace

// CLOCK_BOOTTIME: a machine that sleeps through the end of the time rolls back when it wakes.
Result<Trial> Trial::open(std::string path) {
  Trial trial;
  trial.path_ = std::move(path);
  trial.timer_.reset(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!trial.timer_) return fail_errno("cannot create a timer", errno);
  return trial;
}

Result<std::optional<Config>> Trial::left_over() {
  const auto text = read_file(path_, max_text, O_NOFOLLOW);
  if (!text && text.error().number == ENOENT) return std::nullopt;
  const std::string hint = "the configuration files were never confirmed; if they are right: rm " + path_;
  if (!text) return tl::unexpected(Error(text.error()).with_hint(hint));
  auto config = parse_config(*text, path_);
  if (!config) return fail(config.error().what, hint, config.error().exit_code);
  kept_ = *config;
  phase_ = Phase::rolled_back;
  return std::optional(std::move(*config));
}

Status Trial::prepare(const Config& running, Enforcement in_force) {
  written_ = phase_ == Phase::confirmed;
  if (!written_) return {};
  const std::string text = render_config(running);
  if (auto again = parse_config(text, path_); !again)
    return fail("the running configuration could not be brought back: " + again.error().what,
                "reload without --confirm");
  if (auto kept = replace_file(path_, text); !kept) return kept;
  kept_ = running;
  kept_.enforcement = in_force;
  return {};
}

void Trial::cancel() {
  if (written_) unlink(path_.c_str());
}

void Trial::begin(std::chrono::seconds time) {
  arm(time);
  phase_ = Phase::unconfirmed;
  until_ = std::chrono::system_clock::now() + time;
}

Status Trial::confirm() {
  if (unlink(path_.c_str()) != 0 && errno != ENOENT) return fail_errno("cannot remove " + path_, errno);
  arm(std::chrono::seconds(0));
  phase_ = Phase::confirmed;
  return {};
}

bool Trial::expired() {
  std::uint64_t times = 0;
  return read(timer_.get(), &times, sizeof times) == sizeof times && phase_ == Phase::unconfirmed;
}

const Config& Trial::roll_back() {
  phase_ = Phase::rolled_back;
  return kept_;
}

void Trial::arm(std::chrono::seconds time) {
  const itimerspec spec{.it_interval = {}, .it_value = {.tv_sec = time.count(), .tv_nsec = 0}};
  timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

}  // namespace ebb
