// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "agentd/paths.hpp"
#include "base/file.hpp"

using namespace std::chrono_literals;

namespace ebb {
namespace {

// How long an agent that was killed may take to be gone: the kernel frees its maps and programs first.
constexpr auto dying = 1s;

Result<Fd> open_lock(const char* path) {
  if (mkdir(run_folder, 0755) != 0 && errno != EEXIST)
    return fail_errno(std::string("cannot create ") + run_folder, errno, "run it as root");
  Fd fd(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) return fail_errno(std::string("cannot open ") + path, errno, "run it as root");
  return fd;
}

}  // namespace

Result<Fd> lock_agent() {
  auto fd = open_lock(agent_lock);
  if (!fd) return fd;
  const auto deadline = std::chrono::steady_clock::now() + dying;
  while (flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(10ms);
      continue;
    }
    const auto pid = read_file(agent_lock);
    return fail("another agentd runs (pid " + (pid && !pid->empty() ? *pid : std::string("unknown")) + ")",
                "stop it first: systemctl stop ebb-agentd, or kill its pid");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd->get(), 0) != 0 || write(fd->get(), pid.data(), pid.size()) < 0)
    return fail_errno(std::string("cannot write ") + agent_lock, errno);
  return fd;
}

}  // namespace ebb
