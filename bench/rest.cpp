// SPDX-License-Identifier: GPL-2.0-or-later
// prove-rest: what the agent itself costs while nothing happens: memory, wakeups, CPU time; and how soon it
// is there: the time of a start, and from an urgent packet to the traffic mode (README.md).
#include <fmt/core.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "live.hpp"
#include "statistics.hpp"
#include "support.hpp"
#include "udp.hpp"

using namespace ebb;
using namespace ebb::test;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double memory_bound = 8192;  // KiB, agent and guardian together
constexpr double wakeup_bound = 0.3;   // per second, both together
constexpr double cpu_bound = 0.05;     // percent of one CPU, both together
constexpr double urgent_bound = 5;     // ms, the median
constexpr int urgent_packets = 11;
constexpr double start_bound = 300;  // ms, the median
constexpr int starts = 11;
constexpr int settle_ms = 10000;  // after a start, before anything is counted

// The value behind `key` in a file of "key: value" lines; ends the program if it is not there.
double value_of(const std::string& path, const std::string& key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (line.rfind(key + ":", 0) == 0) return std::strtod(line.c_str() + key.size() + 1, nullptr);
  errno = 0;
  die("no " + key + " in " + path + ": did the process end?\n" + Agent::log());
}

double pss_kib(pid_t pid) { return value_of("/proc/" + std::to_string(pid) + "/smaps_rollup", "Pss"); }

// Each time that a thread of the process slept and ran again, or was put aside.
double switches(pid_t pid) {
  double sum = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
    for (const char* kind : {"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"})
      sum += value_of(thread.path() / "status", kind);
  return sum;
}

// On a CPU, by the scheduler's clock.
double ran_ms(pid_t pid) {
  double sum = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    double ns = 0;
    std::ifstream(thread.path() / "schedstat") >> ns;
    sum += ns / 1e6;
  }
  return sum;
}

struct Start {
  double took = 0;    // ms from the fork to Ebb's program on node0
  double waited = 0;  // of these, ms that the agent was ready to run and other work had the CPU
};

Start start_once(const std::string& agentd, const std::string& config) {
  const auto begin = Clock::now();
  const pid_t pid = fork();
  if (pid < 0) die("cannot fork");
  if (pid == 0) {
    if (!std::freopen("/dev/null", "w", stderr)) _exit(127);
    execl(agentd.c_str(), agentd.c_str(), "--config", config.c_str(), nullptr);
    _exit(127);
  }
  while (xdp_program_on(node_if) == 0) {
    if (Clock::now() - begin > std::chrono::seconds(10)) die(agentd + " does not attach to node0");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  Start out;
  out.took = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> out.waited >> out.waited;
  out.waited /= 1e6;
  if (!wait_for(5000, [] { return !status().is_null(); })) die(agentd + " does not serve");
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
  return out;
}

struct Starts {
  double median = 0, worst = 0, undisturbed = 0;  // ms; the last: median without the waiting
};

Starts start_often(const std::string& agentd, const std::string& config) {
  std::vector<double> took, ran;
  for (int i = 0; i < starts; ++i) {
    const Start one = start_once(agentd, config);
    took.push_back(one.took);
    ran.push_back(one.took - one.waited);
  }
  return {bench::median(took), *std::max_element(took.begin(), took.end()), bench::median(ran)};
}

struct Rest {
  double pss = 0;                  // KiB, the most that was seen
  double agent = 0, guardian = 0;  // wakeups per second
  double cpu = 0;                  // percent
};

Rest watch(const Agent& agent, double minutes) {
  const pid_t guardian = agent.guardian();
  if (!guardian) die("the agent has no guardian");
  sleep_ms(settle_ms);
  Rest out;
  const double agent_before = switches(agent.pid()), guardian_before = switches(guardian);
  const double ran_before = ran_ms(agent.pid()) + ran_ms(guardian);
  const auto begin = Clock::now(), end = begin + std::chrono::duration_cast<Clock::duration>(
                                                     std::chrono::duration<double, std::ratio<60>>(minutes));
  do {
    std::this_thread::sleep_until(std::min(end, Clock::now() + std::chrono::seconds(15)));
    out.pss = std::max(out.pss, pss_kib(agent.pid()) + pss_kib(guardian));
  } while (Clock::now() < end);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  out.cpu = (ran_ms(agent.pid()) + ran_ms(guardian) - ran_before) / seconds / 10;
  out.agent = (switches(agent.pid()) - agent_before) / seconds;
  out.guardian = (switches(guardian) - guardian_before) / seconds;
  fmt::print(
      "  agent {:.0f} KiB, guardian {:.0f} KiB; {:.3f} and {:.3f} wakeups a second, {:.4f} % of a CPU\n",
      pss_kib(agent.pid()), pss_kib(guardian), out.agent, out.guardian, out.cpu);
  return out;
}

// From the datagram's send(2) to the new mode in the live word, which the packet programs read: ms, of each
// of `urgent_packets`.
std::vector<double> urgent_times(const Lab& lab) {
  const std::string urgent = R"(
[agent]
interfaces = ["node0"]
interval = "1s"
[[class]]
name = "control"
kind = "urgent"
match = [{ proto = "udp", dport = [20001] }]
)";
  const Agent agent(urgent);
  const Live live;
  const auto node = traffic::endpoint(node_ipv4, 20001).value();
  const auto socket = lab.in_neighbour([&] { return std::move(traffic::udp_sender_socket(node).value()); });
  std::vector<double> times;
  for (int i = 0; i < urgent_packets; ++i) {
    if (!wait_for(60000, [&] { return live.mode() == TrafficMode::quiet && live.armed(); }))
      die("the mode never becomes quiet again");
    sleep_ms(300 + 37 * i);  // at any moment of the interval
    const auto begin = Clock::now();
    // Nobody listens: the answer to the packet before, a refusal, is reported once.
    if (send(socket.get(), "x", 1, 0) != 1 && send(socket.get(), "x", 1, 0) != 1) die("cannot send");
    while (live.mode() != TrafficMode::interactive)
      if (Clock::now() - begin > std::chrono::seconds(2)) break;
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return times;
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const char* given = std::getenv("EBB_MINUTES");
  const double minutes = given ? std::strtod(given, nullptr) : 10;
  const std::string config = std::string(Lab::folder) + "/agent.toml";
  const std::string policy = read_text(EBB_DEFAULT_POLICY);
  const std::string newest = program("agentd"), oldest = program("agentd-clang-14");
  if (policy.empty()) die("cannot read " EBB_DEFAULT_POLICY);
  const bool has_oldest = std::filesystem::exists(oldest);

  const Lab lab;
  run("ip route add default via " + std::string(neighbour_ipv4));  // "auto" means node0
  fmt::print("{}: {} for {} minutes\n", bench::machine(), "packaging/agent.toml", minutes);
  Rest rest;
  {
    const Agent agent(policy);
    rest = watch(agent, minutes);
  }
  const Starts start = start_often(newest, config);
  fmt::print("  {} starts: attached after {:.0f} ms, at most {:.0f}; {:.0f} without waiting for other work\n",
             starts, start.median, start.worst, start.undisturbed);
  if (has_oldest) {
    const Starts old = start_often(oldest, config);
    fmt::print("  with the objects of clang 14: {:.0f} ms, at most {:.0f}; {:.0f} without waiting\n",
               old.median, old.worst, old.undisturbed);
  }
  const auto urgent = urgent_times(lab);
  const double urgent_median = bench::median(urgent);
  fmt::print("  {} urgent packets after quiet: the mode changed after {:.2f} ms, at most {:.2f}\n",
             urgent_packets, urgent_median, *std::max_element(urgent.begin(), urgent.end()));
  const double wakeups = rest.agent + rest.guardian;
  const bool frugal = rest.pss <= memory_bound && wakeups <= wakeup_bound && rest.cpu <= cpu_bound;
  const bool quick = start.median <= start_bound, busy = !quick && start.undisturbed <= start_bound;
  const bool awake = urgent_median <= urgent_bound;
  fmt::print(
      "rest: {:.1f} MiB of PSS (bound 8), {:.3f} wakeups a second (0.3), {:.4f} % of a CPU (0.05), attached "
      "after "
      "{:.0f} ms (300), urgent packet to mode {:.2f} ms (5): {}\n",
      rest.pss / 1024, wakeups, rest.cpu, start.median, urgent_median,
      frugal && awake && quick  ? "holds"
      : frugal && awake && busy ? "inconclusive: other work had the CPU"
                                : "does not hold");
  return frugal && awake && quick ? 0 : frugal && awake && busy ? cannot_judge : 1;
}
