// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/guardian.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace ebb {
namespace {

constexpr int ignored_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};

// One byte, or the end of file.
bool read_byte(int fd) {
  char byte = 0;
  ssize_t got = 0;
  do got = read(fd, &byte, 1);
  while (got < 0 && errno == EINTR);
  return got == 1;
}

// What the agent has open would stay open through its guardian: its lock, its socket, its connections.
void close_all_but(int a, int b) {
  const auto low = static_cast<unsigned>(std::min(a, b));
  const auto high = static_cast<unsigned>(std::max(a, b));
  if (low > STDERR_FILENO + 1) close_range(STDERR_FILENO + 1, low - 1, 0);
  if (high > low + 1) close_range(low + 1, high - 1, 0);
  close_range(high + 1, ~0U, 0);
}

[[noreturn]] void guard(int agent, int lock, const std::function<void()>& rescue, const sigset_t& mask) {
  close_all_but(agent, lock);
  setsid();
  for (const int number : ignored_signals) signal(number, SIG_IGN);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  prctl(PR_SET_NAME, "ebb-guardian");
  const char ready = 1;
  if (send(agent, &ready, 1, MSG_NOSIGNAL) == 1 && read_byte(agent)) _exit(0);
  try {
    rescue();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace

Result<Fd> take_restore_lock(const std::string& path) {
  using namespace std::chrono;
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!lock)
    return fail_errno("cannot open " + path, errno,
                      "the lock must be a plain file that only root can change");
  const auto deadline = steady_clock::now() + 10s;
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("cannot lock " + path, errno);
    if (steady_clock::now() > deadline)
      return fail("another guardian has held " + path + " for 10 s",
                  "an agent runs, or its guardian hangs while it restores: fuser -v " + path);
    std::this_thread::sleep_for(20ms);
  }
  return lock;
}

Result<Guardian> Guardian::start(const std::string& lock_path, std::function<void()> rescue) {
  // Locked before the fork: the lock belongs to the open file, which the child inherits and the agent then
  // closes.
  const auto lock = take_restore_lock(lock_path);
  if (!lock) return tl::unexpected(lock.error());
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("cannot start the guardian", errno);
  Fd own(ends[0]);
  Fd theirs(ends[1]);

  sigset_t blocked;  // until the child ignores them
  sigset_t mask;
  sigemptyset(&blocked);
  for (const int number : ignored_signals) sigaddset(&blocked, number);
  sigprocmask(SIG_BLOCK, &blocked, &mask);
  const pid_t pid = fork();
  const int fork_error = errno;
  if (pid == 0) {
    own.reset();
    guard(theirs.get(), lock->get(), rescue, mask);
  }
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (pid < 0) return fail_errno("cannot start the guardian", fork_error);
  theirs.reset();

  Guardian guardian;
  guardian.pid_ = pid;
  guardian.pipe_ = std::move(own);
  guardian.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // glibc 2.36's wrapper is C only
  if (!guardian.pidfd_ || !read_byte(guardian.pipe_.get())) {
    guardian.dismiss();
    return fail("the guardian did not start");
  }
  return guardian;
}

void Guardian::dismiss() {
  if (pid_ < 0) return;
  const char leave = 0;
  send(pipe_.get(), &leave, 1, MSG_NOSIGNAL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  pidfd_.reset();
  pipe_.reset();
}

}  // namespace ebb
