// SPDX-License-Identifier: GPL-2.0-or-later
#include "actor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/file.hpp"

namespace ebb::test {
namespace {

enum class Verb : std::uint8_t { open, close, fork };
struct Order {
  Verb verb;
  Wish wish;
  int fd;
};
struct Reply {
  int value;  // fd or pid; -1: it did not work
  std::uint16_t port;
};

union Address {
  sockaddr any;
  sockaddr_in ipv4;
  sockaddr_in6 ipv6;
};

// The loopback address, or the wildcard.
socklen_t fill(Address& address, bool ipv6, bool loopback, std::uint16_t port) {
  address = {};
  if (ipv6) {
    address.ipv6.sin6_family = AF_INET6;
    address.ipv6.sin6_port = htons(port);
    address.ipv6.sin6_addr = loopback ? in6addr_loopback : in6addr_any;
    return sizeof address.ipv6;
  }
  address.ipv4.sin_family = AF_INET;
  address.ipv4.sin_port = htons(port);
  address.ipv4.sin_addr.s_addr = htonl(loopback ? INADDR_LOOPBACK : INADDR_ANY);
  return sizeof address.ipv4;
}

bool take_port(int fd, const Wish& wish) {
  Address address;
  const bool binds = wish.way == Way::tcp_listen || wish.way == Way::udp_bind;
  const int yes = 1;
  if (binds && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes)) return false;
  if (wish.ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes)) return false;
  const socklen_t size = fill(address, wish.ipv6, !binds, binds ? wish.port : wish.sink);
  if (wish.way == Way::udp_send) return sendto(fd, "x", 1, 0, &address.any, size) == 1;
  if (!binds) return connect(fd, &address.any, size) == 0;
  return bind(fd, &address.any, size) == 0 && (wish.way == Way::udp_bind || listen(fd, 16) == 0);
}

Reply open_socket(const Wish& wish) {
  const bool tcp = wish.way == Way::tcp_listen || wish.way == Way::tcp_connect;
  const int fd = socket(wish.ipv6 ? AF_INET6 : AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  Address address;
  socklen_t size = sizeof address;
  if (fd < 0 || !take_port(fd, wish) || getsockname(fd, &address.any, &size)) {
    ::close(fd);
    return {-1, 0};
  }
  return {fd, ntohs(wish.ipv6 ? address.ipv6.sin6_port : address.ipv4.sin_port)};
}

[[noreturn]] void act(int line) {
  Order order;
  while (recv(line, &order, sizeof order, 0) == sizeof order) {
    Reply reply{0, 0};
    if (order.verb == Verb::open) reply = open_socket(order.wish);
    if (order.verb == Verb::close) ::close(order.fd);
    if (order.verb == Verb::fork && (reply.value = ::fork()) == 0) {
      ::close(line);
      for (;;) pause();
    }
    if (send(line, &reply, sizeof reply, 0) < 0) break;
  }
  _exit(0);
}

Reply ask(int line, const Order& order) {
  Reply reply{-1, 0};
  if (send(line, &order, sizeof order, MSG_NOSIGNAL) < 0 ||
      recv(line, &reply, sizeof reply, 0) != sizeof reply) {
    std::perror("a service process does not answer");
    std::exit(2);
  }
  return reply;
}

}  // namespace

Actor::Actor(const std::string& cgroup_folder) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) || (pid_ = ::fork()) < 0) {
    std::perror("cannot start a service process");
    std::exit(2);
  }
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGCHLD, SIG_IGN);
    dup2(ends[1], 3);
    close_range(4, ~0U, 0);
    act(3);
  }
  ::close(ends[1]);
  line_.reset(ends[0]);
  move_process(pid_, cgroup_folder);
}

Actor::~Actor() { kill(); }

std::optional<Actor::Opened> Actor::open(const Wish& wish) {
  const Reply reply = ask(line_.get(), {Verb::open, wish, 0});
  if (reply.value < 0) return std::nullopt;
  return Opened{reply.value, reply.port};
}

void Actor::close(int fd) { ask(line_.get(), {Verb::close, {}, fd}); }
pid_t Actor::fork() { return ask(line_.get(), {Verb::fork, {}, 0}).value; }

void Actor::kill() {
  if (pid_ <= 0) return;
  kill_process(pid_);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void move_process(pid_t pid, const std::string& cgroup_folder) {
  if (const auto moved = write_file(cgroup_folder + "/cgroup.procs", std::to_string(pid)); !moved) {
    std::fprintf(stderr, "%s\n", moved.error().what.c_str());
    std::exit(2);
  }
}

void kill_process(pid_t pid) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) return;
  syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0);
  pollfd end{handle.get(), POLLIN, 0};
  poll(&end, 1, -1);
}

}  // namespace ebb::test
