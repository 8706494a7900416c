// SPDX-License-Identifier: GPL-2.0-or-later
// ebb_probe: a known number of UDP datagrams to this machine, from another network namespace or out of a tun
// device, and what arrived of them, as shell assignments: sent=40 received=40 bytes=2560 cpu0=40
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <CLI/CLI.hpp>

#include "udp.hpp"

namespace {

using namespace ebb;
using namespace ebb::traffic;

constexpr std::int64_t gap_ns = 2'000'000;  // between two datagrams: every one is read before the next
constexpr std::int64_t patience_ns = 2'000'000'000;  // for the last ones; a guest that shares its CPUs stalls
// Behind the counted datagrams goes one to this port (discard), which no class of the checks names. Where it
// came and none of them did, none will: it took the same way behind them.
constexpr std::uint16_t last_port = 9;
constexpr std::int64_t grace_ns = 100'000'000;

Result<Fd> namespace_fd(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + path, errno, "ip netns list");
  return fd;
}

// A socket belongs to the namespace that it was made in.
Result<Fd> sender_in(const std::string& netns, const Endpoint& to) {
  if (netns.empty()) return udp_sender_socket(to);
  const auto here = namespace_fd("/proc/thread-self/ns/net");
  const auto there = namespace_fd("/run/netns/" + netns);
  if (!here) return tl::unexpected(here.error());
  if (!there) return tl::unexpected(there.error());
  if (setns(there->get(), CLONE_NEWNET)) return fail_errno("cannot enter " + netns, errno);
  auto socket = udp_sender_socket(to);
  if (setns(here->get(), CLONE_NEWNET)) return fail_errno("cannot come back from " + netns, errno);
  return socket;
}

Result<Fd> tun(const std::string& name) {
  Fd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (!fd || ioctl(fd.get(), TUNSETIFF, &request)) return fail_errno("cannot open " + name, errno);
  return fd;
}

// A whole IPv4 packet; the UDP checksum is left out (0), as the standard allows.
std::vector<unsigned char> raw_packet(const sockaddr_in& from, const sockaddr_in& to, std::size_t payload) {
  std::vector<unsigned char> out(sizeof(iphdr) + sizeof(udphdr) + payload, 0x5a);
  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof(iphdr) / 4;
  ip.tot_len = htons(static_cast<std::uint16_t>(out.size()));
  ip.ttl = 64;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = from.sin_addr.s_addr;
  ip.daddr = to.sin_addr.s_addr;
  std::array<std::uint16_t, sizeof(iphdr) / 2> words{};
  std::memcpy(words.data(), &ip, sizeof(ip));
  std::uint32_t sum = 0;
  for (const auto word : words) sum += word;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  ip.check = static_cast<std::uint16_t>(~sum);
  udphdr udp{};
  udp.source = udp.dest = to.sin_port;
  udp.len = htons(static_cast<std::uint16_t>(sizeof(udp) + payload));
  std::memcpy(out.data(), &ip, sizeof(ip));
  std::memcpy(out.data() + sizeof(ip), &udp, sizeof(udp));
  return out;
}

sockaddr_in in4(const Endpoint& one) {
  sockaddr_in out{};
  std::memcpy(&out, &one.address, sizeof(out));
  return out;
}

struct Question {
  std::string netns, to, listen, tun, from = "192.0.2.2";
  std::uint16_t port = 0;
  std::size_t bytes = 0;
  unsigned count = 0;
  int cpu = any_cpu;
};

Result<Fd> receiver_at(const Question& question, std::uint16_t port) {
  return endpoint(question.listen.empty() ? question.to : question.listen, port)
      .and_then(udp_receiver_socket);
}

class Sender {
 public:
  static Result<Sender> open(const Question& question) {
    const auto to = endpoint(question.to, question.port);
    if (!to) return tl::unexpected(to.error());
    const auto from = endpoint(question.from, question.port);
    if (!from) return tl::unexpected(from.error());
    const bool raw = !question.tun.empty();
    auto out = raw ? tun(question.tun) : sender_in(question.netns, *to);
    if (!out) return tl::unexpected(out.error());
    return Sender(question, std::move(*out), in4(*to), in4(*from));
  }

  bool send(std::uint16_t port) const {
    sockaddr_in to = to_;
    to.sin_port = htons(port);
    if (raw_) {
      const auto packet = raw_packet(from_, to, payload_.size());
      return write(out_.get(), packet.data(), packet.size()) == static_cast<ssize_t>(packet.size());
    }
    return sendto(out_.get(), payload_.data(), payload_.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                  sizeof(to)) == static_cast<ssize_t>(payload_.size());
  }

 private:
  Sender(const Question& question, Fd out, const sockaddr_in& to, const sockaddr_in& from)
      : raw_(!question.tun.empty()),
        out_(std::move(out)),
        to_(to),
        from_(from),
        payload_(question.bytes, 0x5a) {}
  bool raw_;
  Fd out_;
  sockaddr_in to_, from_;
  std::vector<unsigned char> payload_;
};

// Until all have come, the last one has come alone, or patience ends.
void wait_for(const UdpReceiver& receiver, unsigned sent, const Fd& last) {
  std::int64_t end = now_ns() + patience_ns;
  bool passed = false;
  char byte = 0;
  while (receiver.received() < sent && now_ns() < end) {
    sleep_until(now_ns() + gap_ns);
    if (passed || recv(last.get(), &byte, sizeof(byte), MSG_DONTWAIT) < 0) continue;
    passed = true;
    if (receiver.received() == 0) end = now_ns() + grace_ns;
  }
}

Status ask(const Question& question) {
  auto heard = receiver_at(question, question.port);
  if (!heard) return tl::unexpected(heard.error());
  const auto last = receiver_at(question, last_port);
  if (!last) return tl::unexpected(last.error());
  const auto sender = Sender::open(question);
  if (!sender) return tl::unexpected(sender.error());

  const UdpReceiver receiver(std::move(*heard), any_cpu, 0);
  run_on_cpu(question.cpu);  // this thread alone: the receiver's is there already
  unsigned sent = 0;
  for (unsigned i = 0; i < question.count; ++i) {
    sent += sender->send(question.port);
    sleep_until(now_ns() + gap_ns);
  }
  sender->send(last_port);
  wait_for(receiver, sent, *last);
  std::printf("sent=%u received=%llu bytes=%llu cpu0=%llu\n", sent,
              static_cast<unsigned long long>(receiver.received()),
              static_cast<unsigned long long>(receiver.bytes()),
              static_cast<unsigned long long>(receiver.on_cpu(0)));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("UDP datagrams to this machine, and what arrived of them");
  Question question;
  app.add_option("--to", question.to, "IPv4 address to send to")->required();
  app.add_option("--port", question.port, "UDP port")->required();
  app.add_option("--bytes", question.bytes, "Payload of each datagram")->required();
  app.add_option("--count", question.count, "How many")->required();
  app.add_option("--listen", question.listen, "Address to receive on, where it is not --to");
  app.add_option("--netns", question.netns, "Send from this network namespace");
  app.add_option("--tun", question.tun, "Send out of this tun device instead: raw IP");
  app.add_option("--from", question.from, "Source address of raw IP");
  app.add_option("--cpu", question.cpu, "Send from this CPU");
  CLI11_PARSE(app, argc, argv);
  const auto done = ask(question);
  if (done) return exit_done;
  std::fprintf(stderr, "ebb_probe: %s\n", done.error().what.c_str());
  return done.error().exit_code;
}
