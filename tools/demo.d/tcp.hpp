// SPDX-License-Identifier: GPL-2.0-or-later
// One TCP stream of bulk data: a sender with a fixed rate, and a listener that reads every stream that comes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

#include "base/fd.hpp"
#include "endpoint.hpp"
#include "udp.hpp"

namespace ebb::traffic {

class TcpSender {
 public:
  // Connects, then writes `per_second` bytes each second; 0: as fast as it goes.
  static Result<Fd> connected(const Endpoint& to);
  TcpSender(Fd socket, std::uint64_t per_second, int cpu = any_cpu);
  ~TcpSender();
  std::uint64_t bytes() const { return bytes_; }

 private:
  void run(std::uint64_t per_second, int cpu);
  Fd socket_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class TcpReceiver {
 public:
  static Result<Fd> listening(const Endpoint& local);
  explicit TcpReceiver(Fd socket, int cpu = any_cpu);
  ~TcpReceiver();
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t on_cpu(unsigned cpu) const {
    return on_cpu_[cpu < cpus_counted ? cpu : cpus_counted - 1];
  }  // bytes

 private:
  void run(int cpu);
  Fd socket_;
  std::atomic<std::uint64_t> bytes_{0};
  std::array<std::atomic<std::uint64_t>, cpus_counted> on_cpu_{};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace ebb::traffic
