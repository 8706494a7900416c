// SPDX-License-Identifier: GPL-2.0-or-later
#include "tcp.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace ebb::traffic {
namespace {

constexpr std::size_t chunk = 64 << 10;  // bytes per read and write
constexpr int patience_ms = 20;          // how late a thread may notice that it should end

}  // namespace

Result<Fd> TcpSender::connected(const Endpoint& to) {
  Fd fd(socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot make a TCP socket", errno);
  if (connect(fd.get(), to.raw(), to.length)) return fail_errno("cannot connect a TCP socket", errno);
  return fd;
}

TcpSender::TcpSender(Fd socket, std::uint64_t per_second, int cpu)
    : socket_(std::move(socket)), thread_([this, per_second, cpu] { run(per_second, cpu); }) {}

TcpSender::~TcpSender() {
  stop_ = true;
  thread_.join();
}

void TcpSender::run(std::uint64_t per_second, int cpu) {
  run_on_cpu(cpu);
  const std::vector<char> data(chunk, 'b');
  const std::int64_t start = now_ns();
  while (!stop_) {
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (poll(&writable, 1, patience_ms) <= 0) continue;
    const ssize_t done = send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno != EAGAIN) return;  // the peer is gone
    if (done > 0) bytes_ += static_cast<std::uint64_t>(done);
    if (per_second)
      sleep_until(start + static_cast<std::int64_t>(static_cast<double>(bytes_) /
                                                    static_cast<double>(per_second) * 1e9));
  }
}

Result<Fd> TcpReceiver::listening(const Endpoint& local) {
  Fd fd(socket(local.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("cannot make a TCP socket", errno);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd.get(), local.raw(), local.length) || listen(fd.get(), 16))
    return fail_errno("cannot listen on a TCP socket", errno);
  return fd;
}

TcpReceiver::TcpReceiver(Fd socket, int cpu)
    : socket_(std::move(socket)), thread_([this, cpu] { run(cpu); }) {}

TcpReceiver::~TcpReceiver() {
  stop_ = true;
  thread_.join();
}

void TcpReceiver::run(int cpu) {
  run_on_cpu(cpu);
  std::vector<char> data(chunk);
  std::vector<Fd> streams;
  while (!stop_) {
    std::vector<pollfd> wait{{socket_.get(), POLLIN, 0}};
    for (const Fd& s : streams) wait.push_back({s.get(), POLLIN, 0});
    if (poll(wait.data(), wait.size(), patience_ms) <= 0) continue;
    for (std::size_t i = wait.size() - 1; i > 0; --i) {
      if (!wait[i].revents) continue;
      const ssize_t got = recv(wait[i].fd, data.data(), data.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) streams.erase(streams.begin() + static_cast<long>(i) - 1);
      if (got <= 0) continue;
      bytes_ += static_cast<std::uint64_t>(got);
      const int at = incoming_cpu(wait[i].fd);
      if (at >= 0)
        on_cpu_[std::min(static_cast<unsigned>(at), cpus_counted - 1)] += static_cast<std::uint64_t>(got);
    }
    if (!wait[0].revents) continue;
    Fd stream(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (stream) streams.push_back(std::move(stream));
  }
}

}  // namespace ebb::traffic
