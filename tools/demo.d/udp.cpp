// SPDX-License-Identifier: GPL-2.0-or-later
#include "udp.hpp"

#include <endian.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace ebb::traffic {
namespace {

constexpr unsigned batch = 32;      // datagrams per system call and per burst: far below a veth ring (256)
constexpr std::size_t room = 2048;  // bytes per datagram that are looked at

}  // namespace

UdpSender::UdpSender(Fd socket, unsigned per_second, std::size_t bytes, int cpu)
    : socket_(std::move(socket)), thread_([this, per_second, bytes, cpu] { run(per_second, bytes, cpu); }) {}

UdpSender::~UdpSender() {
  stop_ = true;
  thread_.join();
}

void UdpSender::run(unsigned per_second, std::size_t bytes, int cpu) {
  run_on_cpu(cpu);
  std::vector<unsigned char> data(std::max(bytes, sizeof(std::uint64_t)), 0x5a);
  const std::int64_t start = now_ns();
  const double gap_ns = 1e9 / per_second;
  std::uint64_t due = 0;  // datagrams that the clock has asked for
  while (!stop_) {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(now_ns() - start) / gap_ns) + 1;
    for (unsigned burst = 0; due < wanted && burst < batch; ++due, ++burst) {
      const std::uint64_t number = htobe64(sent_);
      std::memcpy(data.data(), &number, sizeof(number));
      if (send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL) >= 0)
        ++sent_;
      else
        ++refused_;
    }
    // Behind by more than a burst: breathe, so that the receiving side of the same CPU can run.
    const std::int64_t next = start + static_cast<std::int64_t>(static_cast<double>(due) * gap_ns);
    sleep_until(std::max(next, now_ns() + 20'000));
  }
}

UdpReceiver::UdpReceiver(Fd socket, int cpu, std::size_t numbers)
    : socket_(std::move(socket)), seen_(numbers), thread_([this, cpu] { run(cpu); }) {}

UdpReceiver::~UdpReceiver() {
  stop_ = true;
  thread_.join();
}

void UdpReceiver::take(const unsigned char* data, std::size_t size) {
  ++received_;
  bytes_ += size;
  std::uint64_t number = 0;
  if (size < sizeof(number)) return;
  std::memcpy(&number, data, sizeof(number));
  number = be64toh(number);
  if (number < seen_.size() && seen_[number].exchange(1)) ++duplicates_;
}

// The kernel tells the CPU of the last packet (SO_INCOMING_CPU) to connected sockets only. A socket for every
// local address stays as it is: connecting would narrow it to one, and shut broadcasts out.
void UdpReceiver::follow(const msghdr& first) {
  sockaddr_in local{};
  socklen_t length = sizeof(local);
  getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&local), &length);
  if (local.sin_family == AF_INET && local.sin_addr.s_addr == INADDR_ANY) return;
  connect(socket_.get(), static_cast<const sockaddr*>(first.msg_name), first.msg_namelen);
}

void UdpReceiver::run(int cpu) {
  run_on_cpu(cpu);
  std::vector<unsigned char> data(batch * room);
  std::array<std::array<unsigned char, 64>, batch> control{};
  std::array<sockaddr_storage, batch> peers{};
  std::array<iovec, batch> pieces{};
  std::array<mmsghdr, batch> messages{};
  while (!stop_) {
    for (unsigned i = 0; i < batch; ++i) {
      pieces[i] = {data.data() + i * room, room};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &peers[i];
      messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
      messages[i].msg_hdr.msg_control = control[i].data();
      messages[i].msg_hdr.msg_controllen = control[i].size();
    }
    const int count = recvmmsg(socket_.get(), messages.data(), batch, MSG_WAITFORONE, nullptr);
    if (count <= 0) continue;
    if (!received_) follow(messages[0].msg_hdr);
    std::int64_t none = 0;
    first_ns_.compare_exchange_strong(none, now_ns());
    const int at = incoming_cpu(socket_.get());
    if (at >= 0)
      on_cpu_[std::min(static_cast<unsigned>(at), cpus_counted - 1)] += static_cast<unsigned>(count);
    for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
      take(data.data() + i * room, messages[i].msg_len);
      msghdr& header = messages[i].msg_hdr;
      for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        std::uint32_t dropped = 0;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) continue;
        std::memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
        unread_ = dropped;  // since the socket was made
      }
    }
  }
}

std::uint64_t UdpReceiver::missing(std::uint64_t from, std::uint64_t to) const {
  std::uint64_t lost = 0;
  for (std::uint64_t n = from; n < std::min<std::uint64_t>(to, seen_.size()); ++n) lost += seen_[n] == 0;
  return lost;
}

std::optional<std::int64_t> UdpReceiver::first() const {
  const std::int64_t at = first_ns_;
  if (!at) return std::nullopt;
  return at;
}

}  // namespace ebb::traffic
