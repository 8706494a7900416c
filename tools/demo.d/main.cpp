// SPDX-License-Identifier: GPL-2.0-or-later
// ebb_traffic: the two ends of the demo's traffic.
//
//   ebb_traffic neighbour   sends TCP bulk, UDP telemetry and broadcast chatter at fixed rates
//   ebb_traffic node        is the programs of the edge node that receive them; prints a line of counters
//   twice a
//                           second: what arrived at its sockets, and what the kernel counted
#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "meter.hpp"
#include "tcp.hpp"
#include "udp.hpp"

namespace {

using namespace ebb;
using namespace ebb::traffic;

constexpr std::uint16_t bulk_port = 5201, telemetry_port = 8125, chatter_port = 5678;
constexpr unsigned telemetry_rate = 2000, chatter_rate = 8000;  // datagrams/s
constexpr std::size_t telemetry_bytes = 1000, chatter_bytes = 200;
constexpr std::uint64_t bulk_rate = 5'000'000;  // bytes/s

int complain(const Error& error) {
  std::fprintf(stderr, "ebb_traffic: %s\n", error.what.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  return error.exit_code;
}

// SIGINT and SIGTERM end the program in order: they are blocked and waited for. True: time to end.
bool ended_within(long milliseconds, const sigset_t& signals) {
  const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

Status send_all(const std::string& node, const std::string& broadcast, int cpu, const sigset_t& signals) {
  const auto udp = [](const std::string& address, std::uint16_t port) {
    return endpoint(address, port).and_then([](const Endpoint& to) { return udp_sender_socket(to); });
  };
  auto telemetry = udp(node, telemetry_port);
  if (!telemetry) return tl::unexpected(telemetry.error());
  auto chatter = udp(broadcast, chatter_port);
  if (!chatter) return tl::unexpected(chatter.error());
  auto bulk = endpoint(node, bulk_port).and_then(TcpSender::connected);
  if (!bulk) return tl::unexpected(bulk.error());
  const UdpSender sends_telemetry(std::move(*telemetry), telemetry_rate, telemetry_bytes, cpu);
  const UdpSender sends_chatter(std::move(*chatter), chatter_rate, chatter_bytes, cpu);
  const TcpSender sends_bulk(std::move(*bulk), bulk_rate, cpu);
  while (!ended_within(1000, signals)) continue;
  return {};
}

// One line: milliseconds, IP packets into the stack, chatter datagrams, telemetry datagrams and bytes,
// telemetry datagrams on CPU 0, bulk bytes, bulk bytes on CPU 0, CPU milliseconds of these programs and of
// the whole traffic.
void print_counters(const std::string& host_proc, const UdpReceiver& chatter, const UdpReceiver& telemetry,
                    const TcpReceiver& bulk) {
  const Counted counted = count_kernel(host_proc);
  std::printf(
      "%lld %llu %llu %llu %llu %llu %llu %llu %llu %llu\n", static_cast<long long>(now_ns() / 1'000'000),
      static_cast<unsigned long long>(counted.ip_packets),
      static_cast<unsigned long long>(chatter.received()),
      static_cast<unsigned long long>(telemetry.received()),
      static_cast<unsigned long long>(telemetry.bytes()),
      static_cast<unsigned long long>(telemetry.on_cpu(0)), static_cast<unsigned long long>(bulk.bytes()),
      static_cast<unsigned long long>(bulk.on_cpu(0)), static_cast<unsigned long long>(counted.program_ms),
      static_cast<unsigned long long>(counted.traffic_ms));
  std::fflush(stdout);
}

Status receive_all(const std::string& node, const std::string& host_proc, const sigset_t& signals) {
  auto chatter = endpoint("0.0.0.0", chatter_port).and_then(udp_receiver_socket);
  if (!chatter) return tl::unexpected(chatter.error());
  auto telemetry = endpoint(node, telemetry_port).and_then(udp_receiver_socket);
  if (!telemetry) return tl::unexpected(telemetry.error());
  auto bulk = endpoint(node, bulk_port).and_then(TcpReceiver::listening);
  if (!bulk) return tl::unexpected(bulk.error());
  const UdpReceiver hears_chatter(std::move(*chatter), any_cpu, 0);
  const UdpReceiver hears_telemetry(std::move(*telemetry), any_cpu, 0);
  const TcpReceiver hears_bulk(std::move(*bulk));
  do print_counters(host_proc, hears_chatter, hears_telemetry, hears_bulk);
  while (!ended_within(500, signals));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts, so that none takes them

  CLI::App app("The two ends of Ebb's demo traffic");
  app.require_subcommand(1);
  std::string node, broadcast, host_proc;
  int cpu = any_cpu;
  auto* neighbour = app.add_subcommand("neighbour", "Send TCP bulk, UDP telemetry and broadcast chatter");
  neighbour->add_option("NODE", node, "Address of the node")->required();
  neighbour->add_option("BROADCAST", broadcast, "Broadcast address of its network")->required();
  neighbour->add_option("--cpu", cpu, "Send from this CPU");
  auto* receiver = app.add_subcommand("node", "Receive them, and print counters twice a second");
  receiver->add_option("NODE", node, "Address to listen on")->required();
  receiver->add_option("PROC", host_proc, "A /proc that shows kernel threads")->required();
  CLI11_PARSE(app, argc, argv);
  const Status done =
      *neighbour ? send_all(node, broadcast, cpu, signals) : receive_all(node, host_proc, signals);
  return done ? exit_done : complain(done.error());
}
