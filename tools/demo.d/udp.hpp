// SPDX-License-Identifier: GPL-2.0-or-later
// Numbered UDP datagrams at a fixed rate, and a receiver that tells lost, repeated and unread ones apart.
//
// The sender is an open loop: datagram n is due at start + n / rate whether or not the last one was answered.
// Late ones are caught up in small bursts; a number is used only once the kernel has taken the datagram.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "base/fd.hpp"
#include "endpoint.hpp"

namespace ebb::traffic {

inline constexpr unsigned cpus_counted = 64;  // higher ones share the last place

class UdpSender {
 public:
  // `socket` is connected. `bytes`: payload, at least the 8 of the number.
  UdpSender(Fd socket, unsigned per_second, std::size_t bytes, int cpu = any_cpu);
  ~UdpSender();                                       // stops
  std::uint64_t sent() const { return sent_; }        // numbers 0 to sent() - 1 have been given to the kernel
  std::uint64_t refused() const { return refused_; }  // the kernel said no: these numbers were used again

 private:
  void run(unsigned per_second, std::size_t bytes, int cpu);
  Fd socket_;
  std::atomic<std::uint64_t> sent_{0}, refused_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class UdpReceiver {
 public:
  // `socket` comes from udp_receiver_socket(); unless it listens on every address,
  // it then belongs to the first sender that is heard. Numbers from `numbers` on are received, but not
  // remembered.
  explicit UdpReceiver(Fd socket, int cpu = any_cpu, std::size_t numbers = std::size_t{1} << 23);
  ~UdpReceiver();

  std::uint64_t received() const { return received_; }
  std::uint64_t bytes() const { return bytes_; }  // UDP payload
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t unread() const { return unread_; }  // the kernel found the receive buffer full
  // Datagrams whose softirq ran on that CPU.
  std::uint64_t on_cpu(unsigned cpu) const { return on_cpu_[cpu < cpus_counted ? cpu : cpus_counted - 1]; }

  // Numbers in [from, to) that never arrived, those that the full buffer lost included.
  std::uint64_t missing(std::uint64_t from, std::uint64_t to) const;

  void arm() { first_ns_ = 0; }               // forget the first arrival
  std::optional<std::int64_t> first() const;  // monotonic time of the first arrival since arm()

 private:
  void run(int cpu);
  void follow(const msghdr& first);
  void take(const unsigned char* data, std::size_t size);
  Fd socket_;
  std::vector<std::atomic<std::uint8_t>> seen_;
  std::atomic<std::uint64_t> received_{0}, bytes_{0}, duplicates_{0}, unread_{0};
  std::array<std::atomic<std::uint64_t>, cpus_counted> on_cpu_{};
  std::atomic<std::int64_t> first_ns_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace ebb::traffic
