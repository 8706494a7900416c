// SPDX-License-Identifier: GPL-2.0-or-later
// prove-reload: the new policy or the old one, never a mixture, and no packet pays for it.
//
// 10,000 numbered datagrams a second run into each of two interfaces (native XDP, tcx) while a real agentd
// takes 1,000 configurations. Policy A leaves 100 bytes of each datagram, by its first rule bit, policy B
// leaves 200, by bit 32; all other rules agree with the datagrams in no field, so a mixture leaves all 600
// bytes, or drops. What arrives, in which size and order, is judged by number: between two reloads old sizes,
// then new ones; after a reload has answered only new ones. Then configurations on trial: not confirmed,
// confirmed, and the agent killed meanwhile.
#include <netinet/in.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <endian.h>

#include "agent.hpp"
#include "lab.hpp"
#include "udp.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr unsigned reloads = 1000, trials = 10, kills = 5;
constexpr unsigned per_second = 10000;
constexpr std::size_t payload = 600, room = std::size_t{1} << 22;  // datagrams that are remembered
constexpr std::uint16_t source_port = 30000, port = 20000;
constexpr double rollback_late_ms = 250;
enum Size : std::uint16_t { lost = 0, by_a = 100, by_b = 200 };

unsigned failures = 0;
void expect(bool good, const std::string& what) {
  if (good) return;
  if (++failures <= 20) std::printf("  WRONG: %s\n", what.c_str());
}

std::string probe_class(Size keep) {
  const std::string rule =
      std::string("{ ethertype = [\"ipv4\"], proto = [\"udp\"], sport = [30000], dport = [20000], ") +
      "length = [628], delivery = [\"unicast\"], src = [\"192.0.2.2/32\", \"198.51.100.2/32\"], "
      "dst = [\"192.0.2.1/32\", \"198.51.100.1/32\"] }";
  return "[[class]]\nname = \"probe-" + std::to_string(keep) +
         "\"\nkind = \"background\"\nprefix_safe = true\nmatch = [" + rule +
         "]\ntreat = { balanced = [\"trim=" + std::to_string(keep) + "\"] }\n";
}

std::string filler_class() {
  std::string rules;
  for (int i = 0; i < 32; ++i) {
    const std::string n = std::to_string(i), p = std::to_string(1000 + i);
    rules += "  { ethertype = [\"ipv6\"], proto = [\"tcp\"], sport = [" + p + "], dport = [" + p +
             "], length = [" + p + "], delivery = [\"multicast\"], src = [\"2001:db8:" + n + "::/64\"] },\n";
  }
  return "[[class]]\nname = \"filler\"\nkind = \"background\"\nmatch = [\n" + rules +
         "]\ntreat = { balanced = [\"drop\"] }\n";  // so a mixture of match and treatment is seen too
}

std::string configuration(Size size) {
  const std::string head =
      "[agent]\ninterfaces = [\"node0\", \"node1\"]\ninterval = \"500ms\"\nenforcement = \"enforce\"\n";
  return head + (size == by_a ? probe_class(by_a) + filler_class() : filler_class() + probe_class(by_b));
}

// One stream, and what arrived of it.
class Flow {
 public:
  Flow(const Lab& lab, std::string name, const char* node)
      : name_(std::move(name)),
        sizes_(room),
        receiver_(traffic::udp_receiver_socket(traffic::endpoint(node, port).value()).value()) {
    auto socket = lab.in_neighbour([&] {
      Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      sockaddr_in from{};
      from.sin_family = AF_INET;
      from.sin_port = htons(source_port);
      const auto to = traffic::endpoint(node, port).value();
      const int on = 1;
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) ||
          connect(fd.get(), to.raw(), to.length))
        die("cannot make the sender's socket");
      return fd;
    });
    thread_ = std::thread([this] { receive(); });
    sender_ = std::make_unique<traffic::UdpSender>(std::move(socket), per_second, payload, 1);
  }
  ~Flow() {
    sender_.reset();
    stop_ = true;
    thread_.join();
  }

  const std::string& name() const { return name_; }
  std::uint64_t sent() const { return sender_->sent(); }
  std::uint16_t size(std::uint64_t number) const { return sizes_[number % room]; }
  // Whether what arrived last has this number, or a later one, and this size.
  bool shows(std::uint64_t number, std::uint16_t size) const {
    const std::uint64_t newest = newest_;
    return newest >> 16 >= number && (newest & 0xffff) == size;
  }
  unsigned twice() const { return twice_; }

 private:
  void receive() {
    traffic::run_on_cpu(0);
    std::array<unsigned char, 2048> data{};
    while (!stop_) {
      const ssize_t size = recv(receiver_.get(), data.data(), data.size(), 0);
      if (size < 8) continue;
      std::uint64_t number = 0;
      std::memcpy(&number, data.data(), sizeof(number));
      number = be64toh(number);
      twice_ += sizes_[number % room].exchange(static_cast<std::uint16_t>(size)) != lost;
      newest_ = number << 16 | static_cast<std::uint64_t>(size);
    }
  }
  std::string name_;
  std::vector<std::atomic<std::uint16_t>> sizes_;
  std::atomic<std::uint64_t> newest_{0};  // number << 16 | size
  std::atomic<unsigned> twice_{0};
  std::atomic<bool> stop_{false};
  Fd receiver_;
  std::unique_ptr<traffic::UdpSender> sender_;
  std::thread thread_;
};

using Flows = std::array<Flow, 2>;

// Whether, within `ms`, datagrams that are sent from now on arrive in this size on both interfaces.
bool become(const Flows& flows, Size size, int ms) {
  const std::array<std::uint64_t, 2> from{flows[0].sent() + 1, flows[1].sent() + 1};
  return wait_for(ms, [&] { return flows[0].shows(from[0], size) && flows[1].shows(from[1], size); });
}

const std::string file = std::string(Lab::folder) + "/agent.toml";

Answer agentctl(const std::string& verb) { return answer_to("'" + program("agentctl") + "' " + verb); }

// One reload: the sizes before and after it, and the first numbers that were sent when it was done.
struct Step {
  Size before, after;
  std::array<std::uint64_t, 2> done;
};

struct Judgement {
  std::uint64_t datagrams = 0, lost = 0, mixed = 0, disordered = 0;
};

void judge(const Flow& flow, std::size_t index, const std::vector<Step>& steps, std::uint64_t first,
           Judgement& out) {
  for (const auto& step : steps) {
    bool turned = false;
    for (std::uint64_t n = first; n < step.done[index]; ++n) {
      const std::uint16_t size = flow.size(n);
      ++out.datagrams;
      if (size == lost)
        ++out.lost;
      else if (size != step.before && size != step.after)
        ++out.mixed;
      else if (size == step.after)
        turned = true;
      else
        out.disordered += turned;  // the old policy, after the new one
    }
    first = step.done[index];
  }
}

// Tenths of the reloads: one by SIGHUP, one of a file that is wrong, the others by agentctl.
Judgement reload_often(const Agent& agent, const Flows& flows) {
  std::vector<Step> steps;
  const std::array<std::uint64_t, 2> first{flows[0].sent(), flows[1].sent()};
  Size now = by_a;
  for (unsigned i = 0; i < reloads; ++i) {
    const bool bad = i % 10 == 9, signal = i % 10 == 4;
    const Size next = now == by_a ? by_b : by_a;
    write_text(file,
               configuration(next) + (bad ? "[[class]]\nname = \"x\"\nmatch = [{ prto = \"udp\" }]\n" : ""));
    if (signal) {
      ::kill(agent.pid(), SIGHUP);
      if (!become(flows, next, 5000)) die("SIGHUP had no effect\n" + Agent::log());
    } else {
      const Answer answer = agentctl("reload");
      expect(answer.code == (bad ? 2 : 0),
             "reload answered " + std::to_string(answer.code) + ": " + answer.text);
      expect(!bad || answer.text.find("agent.toml:") != std::string::npos,
             "the error names no place: " + answer.text);
    }
    // The sender may have been put aside before it counted its last datagram.
    steps.push_back({now, bad ? now : next, {flows[0].sent() + 1, flows[1].sent() + 1}});
    if (!bad) now = next;
    sleep_ms(5);
  }
  sleep_ms(200);  // what is under way arrives
  Judgement out;
  for (std::size_t i = 0; i < flows.size(); ++i) judge(flows[i], i, steps, first[i], out);
  expect(agentctl("reload").code == 2, "the wrong file is accepted now");
  return out;
}

void take(const Flows& flows, Size size, const std::string& options = "") {
  write_text(file, configuration(size));
  const Answer answer = agentctl("reload " + options);
  expect(answer.code == 0, "reload " + options + " answered: " + answer.text);
  expect(become(flows, size, 200), "reload " + options + " had no effect");
}

// Milliseconds by which an unconfirmed policy outlived its second.
double roll_back_once(const Flows& flows) {
  take(flows, by_a);
  take(flows, by_b, "--confirm 1s");
  const auto begin = std::chrono::steady_clock::now();
  expect(become(flows, by_a, 3000), "the unconfirmed policy stays");
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  expect(ms > 700, "rolled back after " + std::to_string(ms) + " ms already");
  return ms - 1000;
}

void keep_confirmed(const Flows& flows) {
  take(flows, by_a);
  take(flows, by_b, "--confirm 1s");
  const Answer answer = agentctl("confirm");
  expect(answer.code == 0, "confirm answered: " + answer.text);
  sleep_ms(1500);
  expect(become(flows, by_b, 200), "the confirmed policy is gone");
}

// The agent dies while a policy is on trial; the next one starts with what was confirmed, though the files
// say otherwise.
void kill_on_trial(std::unique_ptr<Agent>& agent, const Flows& flows) {
  take(flows, by_a);
  take(flows, by_b, "--confirm 30s");
  agent->kill();
  sleep_ms(200);  // the guardian has made the data plane inert
  const std::array<std::uint64_t, 2> dead{flows[0].sent(), flows[1].sent()};
  agent = std::make_unique<Agent>(configuration(by_b));
  expect(become(flows, by_a, 2000), "a new agent does not bring the confirmed policy back");
  sleep_ms(700);  // more than an interval
  for (std::size_t i = 0; i < flows.size(); ++i)
    for (std::uint64_t n = dead[i]; n + 100 < flows[i].sent(); ++n)
      if (flows[i].size(n) == by_b)
        return expect(false, flows[i].name() + ": the unconfirmed policy came back");
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const Lab lab;
  lab.add_tcx_veth();
  const std::uint64_t full = snmp("Udp", "RcvbufErrors");
  const Flows flows{Flow(lab, "xdp-native", node_ipv4), Flow(lab, "tcx", "198.51.100.1")};
  auto agent = std::make_unique<Agent>(configuration(by_a));
  for (const auto& [name, hook] : {std::pair{"node0", "xdp-native"}, {"node1", "tcx"}})
    if (!wait_for(5000, [&] { return interface_status(name).value("hook", "") == hook; }))
      die(std::string("the hook of ") + name + " is not " + hook);
  if (!become(flows, by_a, 5000)) die("the policy does not act\n" + Agent::log());

  const Judgement all = reload_often(*agent, flows);
  std::printf(
      "%u reloads: %lu datagrams, %lu lost, %lu saw a mixture, %lu the old policy after the new one\n",
      reloads, all.datagrams, all.lost, all.mixed, all.disordered);
  double late = 0;
  for (unsigned i = 0; i < trials; ++i) late = std::max(late, roll_back_once(flows));
  std::printf("%u rollbacks: at most %.0f ms late\n", trials, late);
  keep_confirmed(flows);
  for (unsigned i = 0; i < kills; ++i) kill_on_trial(agent, flows);
  expect(agent->stop() == 0, "agentd did not stop cleanly");
  const unsigned twice = flows[0].twice() + flows[1].twice();
  expect(twice == 0, std::to_string(twice) + " datagrams arrived twice");
  expect(late <= rollback_late_ms, "a rollback came " + std::to_string(late) + " ms late");
  const bool unread = all.lost && snmp("Udp", "RcvbufErrors") != full;

  const bool holds = !failures && !all.lost && !all.mixed && !all.disordered;
  std::printf(
      "reload: 2 hooks, %u reloads at %u packets/s: %lu packets, %lu lost, %lu saw two policies; %u "
      "rollbacks at "
      "most %.0f ms late (bound %.0f), %u kills on trial; %u wrong: %s\n",
      reloads, per_second, all.datagrams, all.lost, all.mixed + all.disordered, trials, late,
      rollback_late_ms, kills, failures,
      holds    ? "holds"
      : unread ? "inconclusive: a receive buffer was full"
               : "does not hold");
  return holds ? 0 : unread ? cannot_judge : 1;
}
