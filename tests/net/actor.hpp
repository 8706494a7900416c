// SPDX-License-Identifier: GPL-2.0-or-later
// A process in a cgroup of its own choice that opens and closes sockets on demand: a service, as
// prove-identity needs it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.hpp"

namespace ebb::test {

// How a socket comes by its local port.
enum class Way : std::uint8_t {
  tcp_listen,   // bind, listen
  tcp_connect,  // the kernel chooses
  udp_bind,
  udp_connect,  // the kernel chooses
  udp_send,     // the kernel chooses
};

struct Wish {
  Way way;
  bool ipv6;
  std::uint16_t port;  // to bind; 0: any
  std::uint16_t sink;  // to connect and send to, on the loopback address
};

class Actor {
 public:
  explicit Actor(const std::string& cgroup_folder);
  ~Actor();  // kill()
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  pid_t pid() const { return pid_; }

  struct Opened {
    int fd;  // in the actor
    std::uint16_t port;
  };
  std::optional<Opened> open(const Wish& wish);
  void close(int fd);
  pid_t fork();  // a child that holds the same sockets and does nothing
  void kill();   // SIGKILL; returns when its sockets are closed

 private:
  pid_t pid_ = 0;
  Fd line_;
};

void move_process(pid_t pid, const std::string& cgroup_folder);
void kill_process(pid_t pid);  // returns when it holds nothing any more

}  // namespace ebb::test
