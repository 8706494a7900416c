// SPDX-License-Identifier: GPL-2.0-or-later
// prove-answers: a real peer does not notice that the node's stack has nothing to say any more.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include "agent.hpp"
#include "answers.hpp"
#include "endpoint.hpp"
#include "udp.hpp"

namespace ebb::test {
namespace {

constexpr int second_host =
    11;  // an address that only UDP goes to: no reply confirms it, so it is asked for again
constexpr std::uint16_t port = 20000;
constexpr int look_ms = 250, flush_ms = 10000;
constexpr int unresolved_looks = 4;  // an entry that is being resolved for a second is not healthy

// The peer asks for its neighbours as a host does, only more often: an entry is good for about two seconds.
void resolve_by_asking(const Lab& lab, const Site& site) {
  lab.in_neighbour([&] {
    for (const char* family : {"ipv4", "ipv6"}) {
      const std::string folder = std::string("/proc/sys/net/") + family + "/neigh/" + site.near + "/";
      write_text(folder + "base_reachable_time_ms", "2000");
      write_text(folder + "delay_first_probe_time", "1");
    }
    run("ip neigh flush nud permanent dev " + site.near);
  });
}

struct Pings {
  std::uint64_t sent = 0, received = 0;
  std::string text;
};

Pings ping(const std::string& address, int seconds) {
  Pings out;
  out.text =
      answer_to("ip netns exec neighbour ping -q -i 0.2 -w " + std::to_string(seconds) + " " + address).text;
  const auto line = out.text.find("packets transmitted");
  const auto start = line == std::string::npos ? line : out.text.rfind('\n', line);
  if (start == std::string::npos ||
      std::sscanf(out.text.c_str() + start, " %lu packets transmitted, %lu received", &out.sent,
                  &out.received) != 2)
    die("ping says nothing: " + out.text);
  return out;
}

class Neighbours {
 public:
  void look(const Site& site, Results& results) {
    const auto all =
        nlohmann::json::parse(run("ip -n neighbour -j neigh show dev " + site.near), nullptr, false);
    for (const auto& entry : all) {
      const std::string address = entry.value("dst", "");
      const std::string state = entry.contains("state") ? entry["state"].at(0).get<std::string>() : "";
      const bool ours = address == site.node4() || address == site.node4(second_host) ||
                        address == site.node6() || address == site.node6(second_host);
      if (!ours) continue;
      ++looks_;
      unsigned& unresolved = unresolved_[address];
      unresolved = state == "INCOMPLETE" ? unresolved + 1 : 0;
      if (state == "FAILED" || unresolved >= unresolved_looks)
        results.wrong("the neighbour's entry for " + address + " is " + state);
      if (entry.contains("lladdr") && entry["lladdr"] != mac_text(site.node_mac))
        results.wrong("the neighbour has " + entry["lladdr"].get<std::string>() + " for " + address);
    }
  }
  std::uint64_t looks() const { return looks_; }

 private:
  std::map<std::string, unsigned> unresolved_;
  std::uint64_t looks_ = 0;
};

// Requests that the stack saw, by the kernel's own counters and by the witness (the kernel does not count
// ARP).
std::uint64_t seen_by_stack(const std::vector<Post>& posts) {
  std::uint64_t sum =
      snmp("Icmp", "InEchos") + snmp("Icmp6", "InEchos") + snmp("Icmp6", "InNeighborSolicits");
  for (const auto& post : posts) sum += post.witness.seen(WITNESS_ARP);
  return sum;
}

}  // namespace

void stay_healthy(const Lab& lab, const std::vector<Post>& posts, Results& results) {
  const char* given = std::getenv("EBB_MINUTES");
  results.minutes = given ? std::strtod(given, nullptr) : 10;
  const int seconds = std::max(1, static_cast<int>(results.minutes * 60));
  std::vector<std::unique_ptr<traffic::UdpSender>> senders;
  for (const auto& post : posts) {
    const Site& site = post.site;
    run("ip addr add " + site.node4(second_host) + "/24 dev " + site.node + " && ip addr add " +
        site.node6(second_host) + "/64 nodad dev " + site.node);
    resolve_by_asking(lab, site);
  }
  std::vector<Fd> sinks;  // so that no ICMP error answers the datagrams
  for (const char* any : {"0.0.0.0", "::"})
    sinks.push_back(std::move(
        traffic::udp_receiver_socket(traffic::endpoint(any, any[0] == ':' ? port + 1 : port).value())
            .value()));
  sleep_ms(200);  // the new addresses are known to the hook
  const std::uint64_t before = seen_by_stack(posts);
  const auto solicited = [&] {
    return lab.in_neighbour([] { return snmp("Icmp6", "OutNeighborSolicits"); });
  };
  const std::uint64_t asked = solicited();
  for (const auto& post : posts)
    for (const auto& address : {post.site.node4(second_host), post.site.node6(second_host)}) {
      const bool six = address.find(':') != std::string::npos;
      auto socket = lab.in_neighbour([&] {
        return std::move(
            traffic::udp_sender_socket(traffic::endpoint(address, six ? port + 1 : port).value()).value());
      });
      senders.push_back(std::make_unique<traffic::UdpSender>(std::move(socket), 10, 16));
    }

  std::vector<Pings> pings(posts.size() * 2);
  std::vector<std::thread> pingers;
  for (std::size_t i = 0; i < pings.size(); ++i)
    pingers.emplace_back([&, i] {
      const Site& site = posts[i / 2].site;
      pings[i] = ping(i % 2 ? site.node6() : site.node4(), seconds);
    });
  Neighbours neighbours;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (int ms = 0; std::chrono::steady_clock::now() < end; ms += look_ms, sleep_ms(look_ms))
    for (const auto& post : posts) {
      neighbours.look(post.site, results);
      if (ms % flush_ms == 0)
        run("ip -n neighbour neigh flush dev " + post.site.near);  // asked by broadcast again
    }
  for (auto& thread : pingers) thread.join();
  senders.clear();

  for (const auto& one : pings) {
    results.pings += one.sent;
    results.lost += one.sent - one.received;
    if (one.sent != one.received) results.wrong("pings were lost: " + one.text);
  }
  results.leaked = seen_by_stack(posts) - before;
  if (results.leaked) results.wrong("the stack saw " + std::to_string(results.leaked) + " requests");
  const std::uint64_t solicitations = solicited() - asked;
  if (!results.pings || !neighbours.looks() || !solicitations) results.wrong("the peer asked nothing");
  std::printf(
      "%.1f minutes: %lu pings, %lu lost; %lu neighbour solicitations; %lu requests reached the stack\n",
      results.minutes, results.pings, results.lost, solicitations, results.leaked);
}

}  // namespace ebb::test
