// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/diff.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/fd.hpp"

namespace ebb {
namespace {

// The text as a file without a name, which a child inherits.
Result<Fd> memory_file(const std::string& text) {
  Fd fd(memfd_create("config", 0));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno("cannot keep a text in memory", errno);
  return fd;
}

std::string path_of(const Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

}  // namespace

Result<bool> print_diff(const Labelled& before, const Labelled& after, bool colour) {
  if (before.text == after.text) return false;
  const auto old_text = memory_file(before.text), new_text = memory_file(after.text);
  for (const auto* one : {&old_text, &new_text})
    if (!*one) return tl::unexpected(one->error());
  std::vector<std::string> words = {"diff", "-u", "--label", before.label, "--label", after.label};
  if (colour) words.emplace_back("--color=always");
  words.push_back(path_of(*old_text));
  words.push_back(path_of(*new_text));
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::fflush(stdout);
  pid_t pid = 0;
  const int refused = posix_spawnp(&pid, "diff", nullptr, nullptr, arguments.data(), environ);
  if (refused)
    return fail_errno(
        "cannot run diff", refused,
        "install diffutils, or compare agentctl config show with agentctl config show --running");
  int code = 0;
  while (waitpid(pid, &code, 0) < 0)
    if (errno != EINTR) return fail_errno("cannot wait for diff", errno);
  if (!WIFEXITED(code) || WEXITSTATUS(code) > 1) return fail("diff failed");
  return true;
}

}  // namespace ebb
