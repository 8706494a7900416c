// SPDX-License-Identifier: GPL-2.0-or-later
// prove-lifecycle: Ebb comes and goes without losing a packet, and never outlives its agent.
//
// 10,000 numbered datagrams a second run through every start, stop, restart, kill -9 and publication of a
// real agentd, on each hook; the worst loss is held against attaching and detaching a program that does
// nothing on the same veth. A second stream is dropped by the policy: after kill -9 its first arrival at a
// real socket is the moment of inertness.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "stream.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr unsigned cycles = 20;
constexpr unsigned double_kills = 3;  // agent and guardian together: each waits for the deadline
constexpr unsigned per_second = 10000;
constexpr std::uint16_t counted_port = 20000, doomed_port = 20001;
constexpr double rescue_ms = 100;        // after kill -9 of the agent alone
constexpr double deadline_ms = 3 * 500;  // of the dead-man's switch: 3 intervals
constexpr double tick_ms = 10;  // the clock that the deadline is counted in has this resolution at worst
constexpr const char* knob = "/sys/class/net/node0/queues/rx-0/rps_cpus";

// The policies differ in how many classes there are, so the banks differ too.
std::string configuration(bool steering, bool second_policy = false) {
  std::string text = "[agent]\ninterfaces = [\"node0\"]\ninterval = \"500ms\"\nenforcement = \"enforce\"\n";
  if (steering) text += "[state.balanced]\ncpus = \"0\"\n";
  if (second_policy)
    text +=
        "[[class]]\nname = \"other\"\nkind = \"background\"\nmatch = [{ proto = \"udp\", sport = [9] }]\n"
        "treat = { balanced = [\"drop\"] }\n";
  text +=
      "[[class]]\nname = \"doomed\"\nkind = \"background\"\nmatch = [{ proto = \"udp\", dport = [20001] }]\n"
      "treat = { balanced = [\"drop\"] }\n";
  text += "[[class]]\nname = \"counted\"\nkind = \"bulk\"\nmatch = [{ proto = \"udp\", dport = [20000] }]\n";
  if (steering) text += "treat = { balanced = [\"steer\"] }\n";
  return text;
}

struct Loss {
  std::uint64_t worst = 0, total = 0, unread = 0;
};

// Runs `action` and counts the numbers that vanished around it; those that a full receive buffer lost are not
// the network's, and stand apart.
void measure(const Stream& stream, Loss& loss, const std::function<void()>& action) {
  constexpr int settle_ms = 30;  // what is under way arrives within it
  sleep_ms(settle_ms);
  const std::uint64_t from = stream.sender->sent(), unread = stream.receiver->unread();
  action();
  sleep_ms(settle_ms);
  const std::uint64_t to = stream.sender->sent();
  sleep_ms(settle_ms);
  const std::uint64_t full = stream.receiver->unread() - unread;
  const std::uint64_t missing = stream.receiver->missing(from, to);
  const std::uint64_t lost = missing - std::min(missing, full);
  loss.worst = std::max(loss.worst, lost);
  loss.total += lost;
  loss.unread += full;
}

struct Results {
  std::uint64_t worst = 0;  // loss of a cycle of Ebb
  double inert_ms = 0, restored_ms = 0, deadline_ms = 0;
  unsigned failures = 0;
};

void expect(Results& results, bool good, const std::string& what) {
  if (good) return;
  if (++results.failures <= 20) std::printf("  WRONG: %s\n", what.c_str());
}

class Proof {
 public:
  Proof(const Lab& lab, std::string hook, Results& results)
      : hook_(std::move(hook)),
        results_(results),
        counted_(lab, counted_port, per_second),
        doomed_(lab, doomed_port, per_second) {}

  void run(Foreign& foreign) {
    Loss baseline;
    const bool clsact = hook_ == "clsact", xdp = hook_ == "xdp-native";
    // Ebb has to take the next rung.
    if (!xdp) foreign.attach_xdp(node_if);
    if (clsact) foreign.fill_tcx(node_if);
    if (clsact) test::run("tc qdisc add dev node0 clsact");
    const auto attach = [&] {
      if (xdp) return foreign.attach_xdp(node_if);
      clsact ? foreign.attach_filter(node_if, Place::behind) : foreign.attach_tcx(node_if);
    };
    const auto detach = [&] {
      if (xdp) return foreign.detach_xdp(node_if);
      clsact ? foreign.detach_filter(node_if, Place::behind) : foreign.detach_tcx();
    };
    for (unsigned i = 0; i < cycles; ++i)
      measure(counted_, baseline, [&] {
        attach();
        sleep_ms(20);
        detach();
      });
    if (clsact) test::run("tc qdisc del dev node0 clsact");
    std::printf("%s: a bare pass program loses at most %lu in a cycle, %lu in %u\n", hook_.c_str(),
                baseline.worst, baseline.total, cycles);
    allowed_ = baseline.worst;
    start_and_stop();
    restart();
    publish();
    kill();
    kill_both();
    if (!xdp) foreign.detach_xdp(node_if);
    foreign.empty_tcx();
    expect(results_, test::run("tc qdisc show dev node0").find("clsact") == std::string::npos,
           hook_ + ": a clsact qdisc is left behind");
    const std::uint64_t twice = counted_.receiver->duplicates();
    expect(results_, twice == 0, hook_ + ": " + std::to_string(twice) + " datagrams arrived twice");
  }

 private:
  void start(bool second_policy = false) {
    agent_ = std::make_unique<Agent>(configuration(true, second_policy));
    if (checked_) return;
    const std::string hook = interface_status().value("hook", "");
    expect(results_, hook == hook_, "the hook is " + hook + ", not " + hook_);
    checked_ = true;
  }

  void judge(const char* what, const Loss& loss) {
    std::printf("  %-11s worst loss %lu, total %lu, receive buffer full %lu\n", what, loss.worst, loss.total,
                loss.unread);
    expect(results_, loss.worst <= allowed_,
           hook_ + ", " + what + ": lost " + std::to_string(loss.worst) + ", allowed " +
               std::to_string(allowed_));
    results_.worst = std::max(results_.worst, loss.worst);
  }

  void start_and_stop() {
    Loss starts, stops;
    for (unsigned i = 0; i < cycles; ++i) {
      measure(counted_, starts, [&] { start(); });
      in_force();
      measure(counted_, stops, [&] { expect(results_, agent_->stop() == 0, "agentd did not stop cleanly"); });
      undone("stop");
    }
    judge("start", starts);
    judge("stop", stops);
  }

  void restart() {
    Loss loss;
    start();
    for (unsigned i = 0; i < cycles; ++i)
      measure(counted_, loss, [&] {
        agent_->stop();
        start(i % 2 == 0);
      });
    judge("restart", loss);
  }

  void publish() {
    Loss loss;
    const std::string enforce = "'" + program("agentctl") + "' enforce ";
    for (unsigned i = 0; i < cycles; ++i)
      measure(counted_, loss, [&] {
        test::run(enforce + "off && sleep 0.02 && " + enforce + "on");
        agent_->reload(configuration(true, i % 2 == 0));
      });
    judge("publication", loss);
    agent_->stop();
  }

  // The doomed stream is being dropped, and the knob holds our value.
  void in_force() {
    doomed_.receiver->arm();
    sleep_ms(20);
    expect(results_, !doomed_.receiver->first(), hook_ + ": the policy does not drop");
    expect(results_, read_text(knob) == "1", hook_ + ": rps_cpus is " + read_text(knob) + ", not 1");
  }

  void undone(const std::string& after) {
    expect(results_, read_text(knob) == "0", hook_ + ": rps_cpus is " + read_text(knob) + " after " + after);
  }

  // Milliseconds from `killing` to the first doomed datagram that arrives, and to the knob's original value.
  void rescue_times(const std::function<void()>& killing, int patience_ms, double& inert, double* restored) {
    in_force();
    doomed_.receiver->arm();
    const std::int64_t killed = traffic::now_ns();
    killing();
    if (restored) {
      wait_for(patience_ms, [] { return read_text(knob) == "0"; });
      *restored = std::max(*restored, static_cast<double>(traffic::now_ns() - killed) / 1e6);
    }
    const bool arrived = wait_for(patience_ms, [&] { return doomed_.receiver->first().has_value(); });
    inert = std::max(inert, arrived ? static_cast<double>(*doomed_.receiver->first() - killed) / 1e6 : 1e9);
  }

  void kill() {
    Loss deaths, adoptions;
    double inert = 0, restored = 0;
    start();
    for (unsigned i = 0; i < cycles; ++i) {
      measure(counted_, deaths, [&] { rescue_times([&] { agent_->kill(); }, 2000, inert, &restored); });
      measure(counted_, adoptions, [&] { start(); });
    }
    judge("kill -9", deaths);
    judge("adoption", adoptions);
    std::printf("  kill -9: inert after at most %.1f ms, knob restored after at most %.1f ms\n", inert,
                restored);
    expect(results_, inert <= rescue_ms, hook_ + ": inert only after " + std::to_string(inert) + " ms");
    expect(results_, restored <= rescue_ms,
           hook_ + ": restored only after " + std::to_string(restored) + " ms");
    results_.inert_ms = std::max(results_.inert_ms, inert);
    results_.restored_ms = std::max(results_.restored_ms, restored);
  }

  void kill_both() {
    double inert = 0;
    for (unsigned i = 0; i < double_kills; ++i) {
      rescue_times([&] { agent_->kill_with_guardian(); }, 4000, inert, nullptr);
      expect(results_, read_text(knob) == "1", "nobody was left to restore the knob, yet it is restored");
      agent_ = std::make_unique<Agent>(configuration(false));  // steers nothing: it only cleans up
      undone("the next start");
      agent_->stop();
      start();
    }
    agent_->stop();
    std::printf("  agent and guardian killed: inert after at most %.0f ms\n", inert);
    expect(results_, inert <= deadline_ms + tick_ms,
           hook_ + ": inert only after " + std::to_string(inert) + " ms");
    results_.deadline_ms = std::max(results_.deadline_ms, inert);
  }

  std::string hook_;
  bool checked_ = false;
  std::uint64_t allowed_ = 0;
  Results& results_;
  Stream counted_, doomed_;
  std::unique_ptr<Agent> agent_;
};

}  // namespace

int main() {
  const Lab lab;
  Foreign foreign;
  Results results;
  for (const char* hook : {"xdp-native", "tcx", "clsact"}) Proof(lab, hook, results).run(foreign);
  std::printf(
      "lifecycle: 3 hooks, %u cycles each of start, stop, restart, publication and kill -9 at %u packets/s: "
      "worst loss %lu; inert within %.1f ms, restored within %.1f ms; guardian killed too: inert within "
      "%.0f ms; %u wrong\n",
      cycles, per_second, results.worst, results.inert_ms, results.restored_ms, results.deadline_ms,
      results.failures);
  return results.failures ? 1 : 0;
}
