// SPDX-License-Identifier: GPL-2.0-or-later
#include "endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace ebb::traffic {

Result<Endpoint> endpoint(const std::string& address, std::uint16_t port) {
  Endpoint e;
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    e.length = sizeof(four);
    std::memcpy(&e.address, &four, sizeof(four));
  } else if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    e.length = sizeof(six);
    std::memcpy(&e.address, &six, sizeof(six));
  } else {
    return fail("'" + address + "' is not an IPv4 or IPv6 address", "write it in numbers, such as 192.0.2.1",
                exit_usage);
  }
  return e;
}

Result<Fd> udp_receiver_socket(const Endpoint& local) {
  Fd fd(socket(local.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot make a UDP socket", errno);
  const int on = 1, bytes = 32 << 20;
  setsockopt(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));  // not root: as much as is allowed
  const timeval patience{0, 20000};  // how late a reader may notice that it should end
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (bind(fd.get(), local.raw(), local.length)) return fail_errno("cannot bind a UDP socket", errno);
  return fd;
}

Result<Fd> udp_sender_socket(const Endpoint& to) {
  Fd fd(socket(to.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot make a UDP socket", errno);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
  if (connect(fd.get(), to.raw(), to.length)) return fail_errno("cannot connect a UDP socket", errno);
  return fd;
}

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void sleep_until(std::int64_t at_ns) {
  const timespec t{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

void run_on_cpu(int cpu) {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (cpu == any_cpu) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

int incoming_cpu(int socket) {
  int cpu = -1;
  socklen_t length = sizeof(cpu);
  if (getsockopt(socket, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &length)) return -1;
  return cpu;
}

}  // namespace ebb::traffic
