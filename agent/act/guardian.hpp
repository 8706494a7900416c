// SPDX-License-Identifier: GPL-2.0-or-later
// The guardian: a child process that outlives the agent by one restore.
//
// It blocks on a pipe whose other end only the agent holds, so it wakes when the agent is gone, however it
// went, and costs nothing before. It ignores SIGTERM, SIGINT and SIGHUP, and holds the restore lock, which a
// new agent waits for.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// The lock of whoever restores. Waits up to 10 s for a guardian that is at it.
Result<Fd> take_restore_lock(const std::string& path);

class Guardian {
 public:
  // Forks. When the agent dies without dismiss(), the child runs `rescue` and exits. Call before threads
  // start. Waits up to 10 s for the lock, while the guardian of an agent before this one restores.
  static Result<Guardian> start(const std::string& lock_path, std::function<void()> rescue);

  // The agent has restored everything itself: the guardian leaves without a rescue; waits for it. Also reaps
  // a guardian that died.
  void dismiss();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when the guardian died: start another one

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
  Fd pipe_;  // a socket pair's end: the other one reads the end of file, or the dismissal
};

}  // namespace ebb
