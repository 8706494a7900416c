// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace ebb {

void notify_manager(const char* state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof address.sun_path) return;
  std::strcpy(address.sun_path, path);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';  // abstract
  const Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd)
    sendto(fd.get(), state, std::strlen(state), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           size);
}

std::optional<std::chrono::milliseconds> watchdog_period() {
  const char* text = std::getenv("WATCHDOG_USEC");
  const auto usec = parse_number(text ? text : "");
  if (!usec || *usec < 2000) return std::nullopt;
  return std::chrono::milliseconds(*usec / 2000);
}

}  // namespace ebb
