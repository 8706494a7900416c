// SPDX-License-Identifier: GPL-2.0-or-later
#include "prober.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "witness.skel.h"

namespace ebb::test {
namespace {

constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);  // newer than Debian 12's headers
constexpr std::size_t room = 2048;

std::int64_t nanoseconds(const timespec& t) { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; }

}  // namespace

std::int64_t realtime_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

Prober::Prober(const Lab& lab, const Site& site) : node_(site.node_mac) {
  lab.in_neighbour([&] {
    fd_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(if_nametoindex(site.near.c_str()));
    const int on = 1, buffer = 8 << 20;
    if (!fd_ || bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) ||
        setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
        setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
      die("cannot open a packet socket on " + site.near);
  });
}

void Prober::send(const Bytes& frame) const {
  if (::send(fd_.get(), frame.data(), frame.size(), 0) < 0 && errno != ENOBUFS) die("cannot inject a frame");
}

std::optional<Prober::Heard> Prober::hear(int ms) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd readable{fd_.get(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0)
      return std::nullopt;
    Heard heard{Bytes(room)};
    alignas(cmsghdr) char control[64];
    iovec piece{heard.frame.data(), room};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t size = recvmsg(fd_.get(), &message, MSG_DONTWAIT);
    if (size < 14) continue;
    heard.frame.resize(static_cast<std::size_t>(size));
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec at{};
      std::memcpy(&at, CMSG_DATA(c), sizeof(at));
      heard.at_ns = nanoseconds(at);
    }
    if (std::equal(node_.begin(), node_.end(), heard.frame.begin() + 6) && is_reply(heard.frame))
      return heard;
  }
}

std::optional<Prober::Heard> Prober::ask(const Bytes& frame, int ms) const {
  while (hear(0)) {
  }
  send(frame);
  return hear(ms);
}

Witness::Witness(const std::string& interface) : object_(witness_bpf::open_and_load(), witness_bpf::destroy) {
  if (!object_) die("cannot load witness.bpf.c");
  link_.reset(bpf_link_create(bpf_program__fd(object_->progs.witness),
                              static_cast<int>(if_nametoindex(interface.c_str())), tcx_ingress, nullptr));
  if (!link_) die("cannot attach the witness to " + interface);
}

std::uint64_t Witness::seen(unsigned kind) const {
  return __atomic_load_n(&object_->bss->seen[kind], __ATOMIC_RELAXED);
}

std::uint64_t Witness::seen() const {
  std::uint64_t sum = 0;
  for (unsigned kind = 0; kind < WITNESS_KINDS; ++kind) sum += seen(kind);
  return sum;
}

}  // namespace ebb::test
