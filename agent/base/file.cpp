// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/fd.hpp"

namespace ebb {

namespace {

// `read_some(to, size, offset)` is read(2) or pread(2). A buffer that starts small: most files have one line.
template <typename ReadSome>
Result<std::string> read_all(std::size_t limit, ReadSome read_some) {
  std::string text(std::min<std::size_t>(limit, 4096), '\0');
  std::size_t used = 0;
  while (used < limit) {
    if (used == text.size()) text.resize(std::min(limit, text.size() * 4));
    const ssize_t got = read_some(text.data() + used, text.size() - used, used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read", errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  text.erase(text.find_last_not_of(" \t\n\r") + 1);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit, int flags) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd) return fail_errno("cannot read " + path, errno);
  auto text =
      read_all(limit, [&fd](char* to, std::size_t size, std::size_t) { return read(fd.get(), to, size); });
  if (!text) return fail_errno("cannot read " + path, text.error().number);
  return text;
}

Result<std::string> read_again(int fd, std::size_t limit) {
  return read_all(limit, [fd](char* to, std::size_t size, std::size_t offset) {
    return pread(fd, to, size, static_cast<off_t>(offset));
  });
}

Status write_file(const std::string& path, const std::string& text) {
  Fd fd(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!fd) return fail_errno("cannot write " + path, errno);
  const ssize_t put = write(fd.get(), text.data(), text.size());
  if (put < 0) return fail_errno("cannot write " + path, errno);
  if (static_cast<std::size_t>(put) != text.size()) return fail("short write to " + path);
  return {};
}

Result<std::uint64_t> parse_number(const std::string& text) {
  if (text.empty()) return fail("empty");
  if (text.front() == '-') return fail("negative");
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return fail("out of range");
  if (error != std::errc{} || end != text.data() + text.size()) return fail("not a number");
  return value;
}

Status replace_file(const std::string& path, const std::string& text, unsigned mode) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  Fd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno("cannot create " + fresh, errno);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || fsync(fd.get()) != 0)
    return fail_errno("cannot write " + fresh, errno);
  if (rename(fresh.c_str(), path.c_str()) != 0) return fail_errno("cannot replace " + path, errno);
  Fd folder(open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return fail_errno("cannot sync the folder of " + path, errno);
  return {};
}

}  // namespace ebb
