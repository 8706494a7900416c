// SPDX-License-Identifier: GPL-2.0-or-later
// prove-answers: how long the hook still answers for an address that is gone.
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include "answers.hpp"
#include "endpoint.hpp"
#include "support/percentile.hpp"

namespace ebb::test {
namespace {

constexpr unsigned per_second = 10000;  // requests
constexpr double hopeless_ms = 200;     // no reply comes later from an agent that only was slow

class Rtnetlink {
 public:
  explicit Rtnetlink(std::uint32_t groups = 0)
      : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    self.nl_groups = groups;
    if (!fd_ || bind(fd_.get(), reinterpret_cast<const sockaddr*>(&self), sizeof(self)))
      die("cannot open rtnetlink");
  }
  int fd() const { return fd_.get(); }

  // Adds or removes an address; returns when the kernel has acknowledged.
  void change(const Site& site, const std::string& text, bool add) const {
    const bool six = text.find(':') != std::string::npos;
    const auto bytes = address(text);
    const std::uint16_t size = six ? 16 : 4;
    struct {
      nlmsghdr header;
      ifaddrmsg message;
      std::uint8_t attributes[2 * (sizeof(rtattr) + 16)];
    } out{};
    out.header.nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
    out.header.nlmsg_flags =
        static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
    out.message.ifa_family = six ? AF_INET6 : AF_INET;
    out.message.ifa_prefixlen = six ? 64 : 24;
    out.message.ifa_flags = six ? IFA_F_NODAD : 0;
    out.message.ifa_index = if_nametoindex(site.node.c_str());
    std::uint8_t* at = out.attributes;
    for (const std::uint16_t type : {IFA_LOCAL, IFA_ADDRESS}) {
      const rtattr attribute{static_cast<std::uint16_t>(sizeof(rtattr) + size), type};
      std::memcpy(at, &attribute, sizeof(attribute));
      std::memcpy(at + sizeof(attribute), bytes.data(), size);
      at += sizeof(attribute) + size;
    }
    out.header.nlmsg_len = static_cast<std::uint32_t>(at - reinterpret_cast<std::uint8_t*>(&out));
    struct {
      nlmsghdr header;
      nlmsgerr error;
      std::uint8_t rest[1024];
    } in{};
    if (::send(fd_.get(), &out, out.header.nlmsg_len, 0) < 0 || recv(fd_.get(), &in, sizeof(in), 0) < 0)
      die("cannot talk to rtnetlink");
    errno = -in.error.error;
    if (in.header.nlmsg_type != NLMSG_ERROR || in.error.error) die("cannot change address " + text);
  }

 private:
  Fd fd_;
};

// Notes when the kernel tells of a removed address, and does nothing else: how late a listener can be here.
class Bystander {
 public:
  Bystander() : events_(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR), thread_([this] { run(); }) {}
  ~Bystander() {
    stop_ = true;
    thread_.join();
  }
  std::int64_t told_ns() const { return told_; }

 private:
  void run() {
    const timeval patience{0, 20000};
    setsockopt(events_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::vector<char> data(1 << 16);
    while (!stop_)
      if (recv(events_.fd(), data.data(), data.size(), 0) > 0 &&
          reinterpret_cast<const nlmsghdr*>(data.data())->nlmsg_type == RTM_DELADDR)
        told_ = realtime_ns();
  }
  Rtnetlink events_;
  std::atomic<std::int64_t> told_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Asks for one address over and over, in two ways in turn, and notes the last reply for it.
class Flood {
 public:
  Flood(const Prober& prober, const std::array<Bytes, 2>& frames)
      : prober_(prober), frames_(frames), sender_([this] { send(); }), hearer_([this] { hear(); }) {}
  ~Flood() {
    stop_ = true;
    sender_.join();
    hearer_.join();
  }
  std::uint64_t heard() const { return heard_; }
  std::int64_t last_ns() const { return last_; }

 private:
  void send() {
    traffic::run_on_cpu(1);
    std::int64_t due = traffic::now_ns();
    for (std::uint64_t n = 0; !stop_; ++n) {
      prober_.send(frames_[n % 2]);
      traffic::sleep_until(due += 1'000'000'000 / per_second);
    }
  }
  void hear() {
    while (!stop_)
      if (const auto heard = prober_.hear(5)) {
        last_ = std::max(last_.load(), heard->at_ns);
        ++heard_;
      }
  }
  const Prober& prober_;
  const std::array<Bytes, 2> frames_;
  std::atomic<std::uint64_t> heard_{0};
  std::atomic<std::int64_t> last_{0};
  std::atomic<bool> stop_{false};
  std::thread sender_, hearer_;
};

// One address comes, is answered for by the hook, and goes: milliseconds from the kernel's acknowledgement to
// the last reply for it.
double remove_once(const Post& post, const Rtnetlink& netlink, unsigned number, std::int64_t& removed_ns,
                   Results& results) {
  const bool six = number % 2;
  const int host = static_cast<int>(100 + number % 64);
  const std::string address = six ? post.site.node6(host) : post.site.node4(host);
  while (post.prober.hear(0)) {
  }
  netlink.change(post.site, address, true);
  const Flood flood(post.prober, {six ? solicitation(post.site, address) : arp_request(post.site, address),
                                  echo_request(post.site, address, 56)});
  const bool taken_over = wait_for(2000, [&] {
    const std::uint64_t seen = post.witness.seen(), heard = flood.heard();
    sleep_ms(3);
    return post.witness.seen() == seen && flood.heard() > heard + 10;
  });
  if (!taken_over)
    results.wrong(post.site.hook + ": the hook does not answer for the new address " + address);
  netlink.change(post.site, address, false);
  removed_ns = realtime_ns();
  sleep_ms(25);
  std::int64_t last = flood.last_ns();
  for (int i = 0; i < 10 && realtime_ns() - last < 20'000'000; ++i) sleep_ms(20), last = flood.last_ns();
  return static_cast<double>(std::max<std::int64_t>(last - removed_ns, 0)) / 1e6;
}

}  // namespace

void remove_often(const std::vector<Post>& posts, Results& results) {
  const Rtnetlink netlink;
  const Bystander bystander;
  std::vector<double> late, idle;
  for (unsigned i = 0; i < removals; ++i) {
    std::int64_t removed_ns = 0;
    late.push_back(remove_once(posts[i / 2 % posts.size()], netlink, i, removed_ns, results));
    if (std::count_if(late.begin(), late.end(), [](double ms) { return ms > hopeless_ms; }) > 20) {
      results.wrong("addresses that are gone are answered for");
      break;
    }
    idle.push_back(std::max(0.0, static_cast<double>(bystander.told_ns() - removed_ns) / 1e6));
  }
  results.removal_p99 = percentile(late, 0.99);
  results.removal_max = *std::max_element(late.begin(), late.end());
  results.bystander_p99 = percentile(idle, 0.99);
  std::printf(
      "%u removals: 99 %% silent within %.2f ms, the last after %.2f ms; a bare listener hears within %.2f "
      "ms\n",
      removals, results.removal_p99, results.removal_max, results.bystander_p99);
}

}  // namespace ebb::test
