// SPDX-License-Identifier: GPL-2.0-or-later
// One stream of numbered datagrams from the neighbour (sent on CPU 1) to a socket of the node.
#pragma once

#include <memory>
#include <utility>

#include "lab.hpp"
#include "udp.hpp"

namespace ebb::test {

struct Stream {
  std::unique_ptr<traffic::UdpReceiver> receiver;
  std::unique_ptr<traffic::UdpSender> sender;

  Stream(const Lab& lab, std::uint16_t port, unsigned per_second, std::size_t bytes = 64) {
    const auto node = traffic::endpoint(node_ipv4, port).value();
    receiver =
        std::make_unique<traffic::UdpReceiver>(std::move(traffic::udp_receiver_socket(node).value()), 0);
    auto socket = lab.in_neighbour([&] { return std::move(traffic::udp_sender_socket(node).value()); });
    sender = std::make_unique<traffic::UdpSender>(std::move(socket), per_second, bytes, 1);
  }

  // Whether any datagram arrives within 100 ms.
  bool arrives() const {
    receiver->arm();
    sleep_ms(100);
    return receiver->first().has_value();
  }
  // Of the datagrams that arrive within 200 ms: percent that CPU 0 handled. -1: none arrived.
  double percent_on_cpu0() const {
    const auto all = receiver->received(), there = receiver->on_cpu(0);
    sleep_ms(200);
    const auto came = receiver->received() - all;
    return came ? 100 * static_cast<double>(receiver->on_cpu(0) - there) / static_cast<double>(came) : -1;
  }
  // Mean payload of the datagrams that arrive within 100 ms; -1: none arrived.
  double mean_bytes() const {
    const auto all = receiver->received(), bytes = receiver->bytes();
    sleep_ms(100);
    const auto came = receiver->received() - all;
    return came ? static_cast<double>(receiver->bytes() - bytes) / static_cast<double>(came) : -1;
  }
};

}  // namespace ebb::test
