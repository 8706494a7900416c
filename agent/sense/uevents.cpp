// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/uevents.hpp"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace ebb {
namespace {

constexpr unsigned kernel_group = 1;      // udev sends its own to group 2
constexpr int buffer_bytes = 128 * 1024;  // some hundred events; what does not fit is "lost", which is cheap

constexpr std::pair<std::string_view, const char*> folders[] = {
    {"power_supply", "/sys/class/power_supply"},
    {"thermal", "/sys/class/thermal"},
    {"hwmon", "/sys/class/hwmon"},
    {"powercap", "/sys/class/powercap"},
    {"cpu", "/sys/devices/system/cpu"},
    {"net", "/sys/class/net"},
};

constexpr std::uint32_t word(const char (&text)[5]) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(text[i]);
  return out;
}

constexpr sock_filter load_byte(unsigned at) { return {BPF_LD | BPF_B | BPF_ABS, 0, 0, at}; }
constexpr sock_filter load_word(unsigned at) { return {BPF_LD | BPF_W | BPF_IND, 0, 0, at}; }
constexpr sock_filter equal(unsigned value, std::uint8_t yes, std::uint8_t no) {
  return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, value};
}
constexpr sock_filter path_at(unsigned value) { return {BPF_LDX | BPF_IMM, 0, 0, value}; }
constexpr sock_filter go(unsigned lines) { return {BPF_JMP | BPF_JA, 0, 0, lines}; }
constexpr sock_filter answer(unsigned bytes) { return {BPF_RET | BPF_K, 0, 0, bytes}; }

// An event begins "change@/devices/platform/...". X is where its path begins; 22 refuses, as does a load
// beyond the end, and 23 accepts.
// clang-format off
constexpr sock_filter filter[] = {
    load_byte(3),  equal('@', 6, 0),             //  0 "add@"
    load_byte(7),  equal('@', 6, 0),             //  2 "offline@"
    load_byte(6),  equal('@', 0, 16),            //  4 "remove@", "change@", "online@"
    load_byte(0),  equal('u', 14, 4),            //  6 but not "unbind@"
    path_at(4),    go(3),                        //  8
    path_at(8),    go(1),                        // 10
    path_at(7),                                  // 12
    load_word(0),  equal(word("/dev"), 0, 7),    // 13
    load_word(4),  equal(word("ices"), 0, 5),    // 15
    load_word(8),  equal(word("/vir"), 0, 4),    // 17 anything but /devices/virtual/
    load_word(17), equal(word("ther"), 2, 0),    // 19 thermal
                   equal(word("powe"), 1, 0),    // 21 power_supply, powercap
    answer(0),                                   // 22
    answer(~0U),                                 // 23
};
// clang-format on

}  // namespace

Result<Fd> open_uevents() {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kernel_group;
  const sock_fprog program{std::size(filter), const_cast<sock_filter*>(filter)};
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot listen for events of devices", errno);
  return fd;
}

std::string folder_of(std::string_view event) {
  constexpr std::string_view key = "SUBSYSTEM=";
  while (!event.empty()) {
    const std::string_view line = event.substr(0, event.find('\0'));
    event.remove_prefix(std::min(line.size() + 1, event.size()));
    if (!line.starts_with(key)) continue;
    for (const auto& [subsystem, folder] : folders)
      if (line.substr(key.size()) == subsystem) return folder;
    return "";
  }
  return "";
}

std::set<std::string> read_uevents(int fd) {
  std::set<std::string> out;
  std::array<char, 4096> event;  // the kernel's own limit is 2,048 bytes
  for (;;) {
    sockaddr_nl from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        recvfrom(fd, event.data(), event.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0 && errno == ENOBUFS) {
      out.insert("");
    } else if (got < 0 && errno != EINTR) {
      return out;
    } else if (got > 0 && from.nl_pid == 0) {  // from the kernel, not from a program
      if (auto folder = folder_of({event.data(), static_cast<std::size_t>(got)}); !folder.empty())
        out.insert(std::move(folder));
    }
  }
}

}  // namespace ebb
