// SPDX-License-Identifier: GPL-2.0-or-later
// prove-throughput: what bulk TCP loses to Ebb on the tc hook, beside a program that does nothing
// (README.md).
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "statistics.hpp"
#include "support.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr unsigned tcp_rounds = 100, udp_rounds = 20;  // one slice of each subject, in random order
constexpr unsigned most_rounds = 300;  // of TCP, where the bound lies between the limits before
// An agent that has just started still names sockets; what is claimed is the rate of one that runs.
constexpr int settle_ms = 300, slice_ms = 300;
constexpr double bound = 0.95, widest = 0.05;
constexpr const char* node = "198.51.100.1";

// Rules that stand until their addresses and ports have been looked up; no TCP packet of iperf3 matches one.
std::string configuration() {
  std::string text =
      "[agent]\ninterfaces = [\"node1\"]\nenforcement = \"enforce\"\n"
      "[[class]]\nname = \"control\"\nkind = \"urgent\"\nmatch = [{ proto = \"tcp\", dport = [1883, 8883] "
      "}]\n"
      "[[class]]\nname = \"chatter\"\nkind = \"background\"\n"
      "match = [{ proto = \"udp\", delivery = [\"broadcast\", \"multicast\"] }]\ntreat = { balanced = "
      "[\"drop\"] }\n"
      "[[class]]\nname = \"cameras\"\nkind = \"bulk\"\nmatch = [\n";
  for (unsigned i = 0; i < 16; ++i)
    text +=
        fmt::format("  {{ src = [\"10.{}.0.0/16\", \"198.18.{}.0/24\"], length = [\"64-1500\"] }},\n", i, i);
  return text + "]\ntreat = { balanced = [\"steer\"] }\n";
}

// Bytes of IP packets that the node's stack has taken from the hook: the kernel's own count.
double in_octets() {
  std::ifstream in("/proc/thread-self/net/netstat");
  for (std::string names, values; std::getline(in, names) && std::getline(in, values);) {
    std::istringstream n(names), v(values);
    std::string name, value;
    while (n >> name && v >> value)
      if (names.rfind("IpExt:", 0) == 0 && name == "InOctets") return std::strtod(value.c_str(), nullptr);
  }
  errno = 0;
  die("no InOctets in /proc/net/netstat");
}

// Bytes per second during one slice.
double rate() {
  sleep_ms(settle_ms);
  const double before = in_octets();
  const auto begin = std::chrono::steady_clock::now();
  sleep_ms(slice_ms);
  const double bytes = in_octets() - before;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (bytes < 1e5) die("iperf3 sends nothing");
  return bytes / seconds;
}

// iperf3 from the neighbour to the node, until this object goes.
class Traffic {
 public:
  explicit Traffic(const std::string& options) : server_(start("", "-s")) {
    if (!wait_for(5000, [] { return !answer_to("ss -Hltn sport = 5201").text.empty(); }))
      die("iperf3 does not listen");
    client_ = start("ip netns exec neighbour ", std::string("-t 3600 -A 1,0 -c ") + node + " " + options);
    sleep_ms(2000);  // until the windows are open
  }
  ~Traffic() {
    for (const pid_t pid : {client_, server_}) {
      ::kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

 private:
  static pid_t start(const std::string& where, const std::string& options) {
    const std::string command = "exec " + where + "iperf3 " + options + " >/dev/null 2>&1";
    const pid_t pid = fork();
    if (pid < 0) die("cannot fork");
    if (pid == 0) {
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
    return pid;
  }
  pid_t server_, client_ = 0;
};

class Subjects {
 public:
  static constexpr std::size_t ebb = 0, bare = 1, again = 2, count = 3;

  // The rate with the subject on node1's tcx hook.
  double on(std::size_t subject) {
    if (subject != ebb) {
      foreign_.attach_tcx("node1");
      const double figure = rate();
      foreign_.detach_tcx();
      return figure;
    }
    Agent agent(configuration(), "", false);
    if (!wait_for(5000, [] { return interface_status("node1").value("hook", "") == "tcx"; }))
      die("Ebb did not take the tcx hook of node1\n" + Agent::log());
    const std::uint64_t before = unclassified();
    const double figure = rate();
    if (unclassified() == before) die("Ebb saw no packet");
    return figure;
  }

 private:
  static std::uint64_t unclassified() {
    const auto now = status();
    for (const auto& one : now["classes"])
      if (one["name"] == "unclassified") return one["packets"].get<std::uint64_t>();
    die("no count of unclassified packets in the status");
  }
  Foreign foreign_;
};

using Figures = std::array<std::vector<double>, Subjects::count>;

// `rounds` more of them.
void compare(Subjects& subjects, const std::string& options, unsigned rounds, double unit, Figures& figures) {
  const Traffic traffic(options);
  std::mt19937 random(static_cast<unsigned>(figures[0].size()));
  std::array<std::size_t, Subjects::count> order{Subjects::ebb, Subjects::bare, Subjects::again};
  for (unsigned i = 0; i < rounds; ++i) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t subject : order) figures[subject].push_back(subjects.on(subject) / unit);
  }
}

bench::Estimate ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return bench::estimate(ratios);
}

struct Outcome {
  bench::Estimate ebb, same;  // each against the bare program of the same round
};

Outcome outcome(const Figures& figures) {
  return {ratio(figures[Subjects::ebb], figures[Subjects::bare]),
          ratio(figures[Subjects::again], figures[Subjects::bare])};
}

// Wide limits, or the bound between them.
bool undecided(const Outcome& now) {
  return now.same.high - now.same.low > widest || (now.ebb.low < bound && now.ebb.high >= bound);
}

Outcome show(const char* what, const char* unit, const Figures& figures) {
  const Outcome out = outcome(figures);
  fmt::print("{:<16} {:>8.1f} {:>8.1f} {:>8.1f} {:<7} {:.3f} [{:.3f}, {:.3f}]   {:.3f} [{:.3f}, {:.3f}]\n",
             what, bench::median(figures[Subjects::bare]), bench::median(figures[Subjects::again]),
             bench::median(figures[Subjects::ebb]), unit, out.ebb.median, out.ebb.low, out.ebb.high,
             out.same.median, out.same.low, out.same.high);
  return out;
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (answer_to("iperf3 --version").code) die("iperf3 is not here: sh tools/bootstrap prove installs it");
  setpriority(PRIO_PROCESS, 0,
              -20);  // and all that is started here: other work on this machine stays out of it
  const Lab lab;
  lab.add_tcx_veth();
  Subjects subjects;
  Figures tcp, udp;
  do {
    compare(subjects, "", tcp_rounds, 1e9 / 8, tcp);
  } while (tcp[0].size() < most_rounds && undecided(outcome(tcp)));
  // Frames of 64 bytes, 4 of them the checksum that a wire adds: 18 bytes of payload, 46 of IP.
  compare(subjects, "-u -b 0 -l 18", udp_rounds, 1e3 * 46, udp);

  fmt::print("{}: tcx hook, {} and {} rounds of {} ms slices, sender on CPU 1, receiver on CPU 0\n",
             bench::machine(), tcp[0].size(), udp_rounds, slice_ms);
  fmt::print("{:<16} {:>8} {:>8} {:>8} {:<7} {:<22}   {}\n", "", "bare", "again", "Ebb", "", "Ebb / bare",
             "again / bare");
  const Outcome bulk = show("TCP", "Gbit/s", tcp), small = show("UDP, 64 bytes", "kpps", udp);
  const double width = bulk.same.high - bulk.same.low;
  const char* verdict = "holds";
  int code = 0;
  if (width > widest) {
    verdict = "inconclusive: the same program differs from itself by more than 5 %";
    code = cannot_judge;
  } else if (bulk.ebb.low < bound) {
    const bool below = bulk.ebb.high < bound;
    verdict = below ? "does not hold" : "inconclusive: the bound lies between the limits";
    code = below ? 1 : cannot_judge;
  }
  fmt::print(
      "throughput: TCP with Ebb {:.3f} of a bare program's (limit {:.3f}, bound {:.2f}), the same program "
      "twice "
      "{:.3f} (interval {:.3f} wide, at most {:.2f}); UDP of 64 bytes {:.3f}: {}\n",
      bulk.ebb.median, bulk.ebb.low, bound, bulk.same.median, width, widest, small.ebb.median, verdict);
  return code;
}
