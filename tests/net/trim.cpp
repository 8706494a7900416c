// SPDX-License-Identifier: GPL-2.0-or-later
// prove-trim: a trimmed datagram is valid, and a corrupt one stays corrupt.
//
// The oracle is the node's own UDP stack: it compares every checksum, because the neighbour's transmit
// offload is off and some frames are injected whole. A real agentd trims on each hook in turn; a datagram
// that the test shortens itself without a new checksum must be rejected, which shows that the oracle can say
// no.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <random>

#include "agent.hpp"
#include "endpoint.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "support/packets.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr std::array<std::size_t, 7> sizes = {0, 1, 33, 64, 128, 512, 1000};  // N of trim=N
constexpr std::uint16_t base_port = 20000;   // trim=N is the class of base_port + N
constexpr std::uint16_t plain_port = 19999;  // in no class
constexpr std::uint16_t source_port = 30000;

struct Figures {
  unsigned trimmed = 0, whole = 0, corrupt = 0, controls = 0, failures = 0;
};
Figures figures;

void expect(bool good, const std::string& what) {
  if (good) return;
  if (++figures.failures <= 20) std::printf("  WRONG: %s\n", what.c_str());
}

std::string configuration() {
  std::string text = "[agent]\ninterfaces = [\"node0\"]\nenforcement = \"enforce\"\n";
  for (const std::size_t n : sizes) {
    const std::string number = std::to_string(n);
    text += "[[class]]\nname = \"trim-" + number +
            "\"\nkind = \"background\"\nmatch = [{ proto = \"udp\", dport = [" +
            std::to_string(base_port + n) + "] }]\ntreat = { balanced = [\"trim=" + number + "\"] }\n";
  }
  return text;
}

// The two ends of one port of the node, for one family.
struct Path {
  bool ipv6;
  std::uint16_t port;
  Fd receiver, sender;

  Path(const Lab& lab, bool six, std::uint16_t to) : ipv6(six), port(to) {
    const auto node = traffic::endpoint(six ? node_ipv6 : node_ipv4, to);
    receiver = std::move(traffic::udp_receiver_socket(*node).value());
    sender = lab.in_neighbour([&] { return std::move(traffic::udp_sender_socket(*node).value()); });
  }

  // What the socket received within its patience of 20 ms; nothing: nothing.
  std::optional<Bytes> receive() const {
    Bytes data(2048);
    const ssize_t size = recv(receiver.get(), data.data(), data.size(), 0);
    if (size < 0) return std::nullopt;
    data.resize(static_cast<std::size_t>(size));
    return data;
  }

  std::uint64_t rejected() const { return snmp(ipv6 ? "Udp6" : "Udp", "InCsumErrors"); }
  std::string name() const { return std::string(ipv6 ? "IPv6" : "IPv4") + " port " + std::to_string(port); }
};

class Injector {
 public:
  explicit Injector(const Lab& lab) {
    lab.in_neighbour([&] {
      fd_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      to_.sll_family = AF_PACKET;
      to_.sll_ifindex = static_cast<int>(if_nametoindex(neighbour_if));
    });
  }
  void send(const Bytes& frame) const {
    if (sendto(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to_),
               sizeof(to_)) < 0)
      die("cannot inject a frame");
  }

 private:
  Fd fd_;
  sockaddr_ll to_{};
};

std::mt19937 random_bits(20261122);

Bytes random_payload(std::size_t size) {
  Bytes payload(size);
  for (auto& byte : payload) byte = static_cast<std::uint8_t>(random_bits());
  return payload;
}

Packet datagram(const Path& path, std::size_t payload) {
  Packet packet;
  if (path.ipv6)
    packet.ipv6(neighbour_ipv6, node_ipv6);
  else
    packet.ipv4(neighbour_ipv4, node_ipv4);
  packet.udp(source_port, path.port).payload(payload);
  return packet;
}

// Sends by a real socket; the first `keep` bytes must arrive and nothing more.
void deliver(const Path& path, const Bytes& payload, std::size_t keep, const std::string& how) {
  if (send(path.sender.get(), payload.data(), payload.size(), 0) < 0) die("cannot send a datagram");
  const auto got = path.receive();
  const Bytes want(payload.begin(), payload.begin() + static_cast<long>(std::min(keep, payload.size())));
  const std::string what = path.name() + ", " + std::to_string(payload.size()) + " bytes" + how;
  expect(got.has_value(), what + ": did not arrive");
  if (!got) return;
  expect(*got == want, what + ": " + std::to_string(got->size()) + " bytes arrived, or other bytes");
  payload.size() > keep ? ++figures.trimmed : ++figures.whole;
}

// The payload whose first `keep` bytes give the UDP checksum 0, which must be written 0xffff.
Bytes zero_sum_payload(const Path& path, std::size_t keep, std::size_t size) {
  Bytes payload = random_payload(size);
  sockaddr_storage from{};
  socklen_t length = sizeof(from);
  getsockname(path.sender.get(), reinterpret_cast<sockaddr*>(&from), &length);
  std::uint16_t sport = 0;  // at the same place in both families
  std::memcpy(&sport, reinterpret_cast<const char*>(&from) + 2, sizeof(sport));
  const std::size_t width = path.ipv6 ? 16 : 4;
  Bytes addresses(2 * width);
  std::copy_n(address(path.ipv6 ? neighbour_ipv6 : neighbour_ipv4).begin(), width, addresses.begin());
  std::copy_n(address(path.ipv6 ? node_ipv6 : node_ipv4).begin(), width,
              addresses.begin() + static_cast<long>(width));
  Bytes udp(8 + keep);
  put16(udp, 0, ntohs(sport));
  put16(udp, 2, path.port);
  put16(udp, 4, static_cast<std::uint16_t>(udp.size()));
  std::copy_n(payload.begin(), keep, udp.begin() + 8);
  put16(udp, 8, 0);
  put16(payload, 0, internet_checksum(udp, pseudo_header(addresses, IPPROTO_UDP, udp.size())));
  return payload;
}

void deliver_all(const Path& path, std::size_t keep) {
  for (const std::size_t size :
       {keep, keep + 1, keep + 2, keep + 3, std::min(2 * keep + 1, std::size_t{1399}), std::size_t{1400},
        std::size_t{1401}})
    deliver(path, random_payload(size), keep, "");
  for (int i = 0; i < 40; ++i) deliver(path, random_payload(random_bits() % 1452), keep, ", random");
  if (keep >= 2)
    for (const std::size_t size : {keep + 1, keep + 2, std::size_t{1400}})
      deliver(path, zero_sum_payload(path, keep, size), keep, ", checksum becomes zero");
  // No checksum: zero stays zero. IPv6 takes that only from those who ask for it.
  const int on = 1;
  if (path.ipv6) {
    setsockopt(path.sender.get(), IPPROTO_UDP, UDP_NO_CHECK6_TX, &on, sizeof(on));
    setsockopt(path.receiver.get(), IPPROTO_UDP, UDP_NO_CHECK6_RX, &on, sizeof(on));
  } else {
    setsockopt(path.sender.get(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on));
  }
  for (const std::size_t size : {keep + 1, keep + 2, std::size_t{1400}})
    deliver(path, random_payload(size), keep, ", no checksum");
}

void reject(const Path& path, const Injector& injector, const Bytes& frame, const std::string& how,
            unsigned& count) {
  const std::uint64_t before = path.rejected();
  injector.send(frame);
  const auto got = path.receive();
  expect(!got, path.name() + how + ": delivered " + (got ? std::to_string(got->size()) : "") + " bytes");
  expect(path.rejected() == before + 1, path.name() + how + ": InCsumErrors did not count it");
  if (!got && path.rejected() == before + 1) ++count;
}

void reject_corrupt(const Path& path, std::size_t keep, const Injector& injector) {
  for (const std::size_t size : {keep + 1, keep + 2, keep + 7, std::size_t{1300}}) {
    const Packet packet = datagram(path, size);
    const Bytes good = packet.bytes();
    const std::size_t payload = packet.l4() + 8;
    injector.send(good);
    const auto got = path.receive();
    expect(got && got->size() == keep,
           path.name() + ", " + std::to_string(size) +
               " bytes injected: " + (got ? std::to_string(got->size()) + " arrived" : "did not arrive"));
    const auto corrupted = [&](std::size_t at, std::uint8_t flip, const std::string& where) {
      Bytes bad = good;
      bad[at] ^= flip;
      reject(path, injector, bad, ", " + std::to_string(size) + " bytes, error in the " + where,
             figures.corrupt);
    };
    corrupted(packet.l4() + 6, 0x01, "checksum");
    if (keep) corrupted(payload + keep / 2, 0x80, "part that stays");
    corrupted(payload + keep, 0x80, "first cut byte");
    corrupted(payload + size - 1, 0x01, "last cut byte");
  }
}

// Shortened as Ebb would, but with the checksum of the whole datagram.
void reject_control(const Path& path, const Injector& injector) {
  for (const std::size_t keep : sizes) {
    const Bytes whole = datagram(path, 1200).bytes();
    const Packet packet = datagram(path, keep);
    reject(path, injector, datagram(path, keep).check(get16(whole, packet.l4() + 6)).bytes(),
           ", control of " + std::to_string(keep) + " bytes", figures.controls);
  }
}

void prove(const Lab& lab, const std::string& hook) {
  Agent agent(configuration());
  const auto interface = interface_status();
  expect(interface.value("hook", "") == hook,
         "the hook is " + interface.value("hook", "?") + ", not " + hook);
  std::printf("%s: %s\n", hook.c_str(), interface.value("hook_reason", "").c_str());
  const Injector injector(lab);
  const Figures before = figures;
  for (const bool ipv6 : {false, true}) {
    const Path plain(lab, ipv6, plain_port);
    const std::uint64_t errors = plain.rejected();
    std::map<std::size_t, Path> paths;
    for (const std::size_t n : sizes)
      paths.emplace(n, Path(lab, ipv6, static_cast<std::uint16_t>(base_port + n)));
    for (const auto& [n, path] : paths) deliver_all(path, n);
    expect(plain.rejected() == errors, "InCsumErrors rose by " + std::to_string(plain.rejected() - errors));
    for (const std::size_t n : sizes) {
      paths.erase(n);  // sockets that want a checksum again
      reject_corrupt(Path(lab, ipv6, static_cast<std::uint16_t>(base_port + n)), n, injector);
    }
    reject_control(plain, injector);
  }
  std::printf("  %u datagrams trimmed, %u short enough, %u corrupt ones rejected, %u controls rejected\n",
              figures.trimmed - before.trimmed, figures.whole - before.whole,
              figures.corrupt - before.corrupt, figures.controls - before.controls);
  expect(agent.stop() == 0, "agentd did not stop cleanly");
}

}  // namespace

int main() {
  const Lab lab;
  lab.transmit_checksums_off();
  prove(lab, "xdp-native");
  Foreign foreign;  // takes one hook after the other, so Ebb takes the next rung
  foreign.attach_xdp(node_if);
  prove(lab, "tcx");
  foreign.fill_tcx(node_if);
  prove(lab, "clsact");
  expect(xdp_program_on(node_if) == foreign.xdp_id(), "the foreign XDP program was replaced");
  std::printf(
      "trim: 3 hooks, N = 0 to 1000, IPv4 and IPv6: %u datagrams trimmed, InCsumErrors 0; %u corrupt ones "
      "rejected; %u controls rejected; %u wrong\n",
      figures.trimmed, figures.corrupt, figures.controls, figures.failures);
  return figures.failures ? 1 : 0;
}
