// SPDX-License-Identifier: GPL-2.0-or-later
// prove-throughput: what bulk TCP loses to Ebb on the tc hook, beside a program that does nothing
// (README.md).
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <functional>
#include <random>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"
#include "statistics.hpp"
#include "support.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr unsigned rounds = 25;  // one run of each subject, in random order
constexpr unsigned tcp_seconds = 1, udp_seconds = 1;
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

// One run of iperf3 from the neighbour: its own report.
nlohmann::json iperf(const std::string& options) {
  const Answer answer = answer_to("nice -n -20 ip netns exec neighbour iperf3 -J -A 1,0 -c " +
                                  std::string(node) + " " + options);
  auto report = nlohmann::json::parse(answer.text, nullptr, false);
  errno = 0;
  if (answer.code || !report.contains("end")) die("iperf3 " + options + " failed: " + answer.text);
  return report["end"];
}

double tcp_gbits() {
  return iperf("-t " + std::to_string(tcp_seconds))["sum_received"]["bits_per_second"].get<double>() / 1e9;
}

// Frames of 64 bytes, 4 of them the checksum that a wire adds: 18 bytes of payload. Those that arrived.
double udp_kpps() {
  const auto sum = iperf("-u -b 0 -l 18 -t " + std::to_string(udp_seconds))["sum"];
  return (sum["packets"].get<double>() - sum["lost_packets"].get<double>()) / sum["seconds"].get<double>() /
         1e3;
}

class Subjects {
 public:
  static constexpr std::size_t ebb = 0, bare = 1, again = 2, count = 3;

  // Runs `measure` with the subject on node1's tcx hook.
  double on(std::size_t subject, const std::function<double()>& measure) {
    if (subject != ebb) {
      foreign_.attach_tcx("node1");
      const double figure = measure();
      foreign_.detach_tcx();
      return figure;
    }
    Agent agent(configuration(), "", false);
    if (!wait_for(5000, [] { return interface_status("node1").value("hook", "") == "tcx"; }))
      die("Ebb did not take the tcx hook of node1\n" + Agent::log());
    const std::uint64_t before = unclassified();
    const double figure = measure();
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

Figures compare(Subjects& subjects, const std::function<double()>& measure) {
  Figures figures;
  std::mt19937 random(1);
  std::array<std::size_t, Subjects::count> order{Subjects::ebb, Subjects::bare, Subjects::again};
  for (unsigned i = 0; i < rounds; ++i) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t subject : order) figures[subject].push_back(subjects.on(subject, measure));
  }
  return figures;
}

bench::Estimate ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return bench::estimate(ratios);
}

struct Outcome {
  bench::Estimate ebb, same;  // each against the bare program of the same round
};

Outcome show(const char* what, const char* unit, const Figures& figures) {
  const Outcome out{ratio(figures[Subjects::ebb], figures[Subjects::bare]),
                    ratio(figures[Subjects::again], figures[Subjects::bare])};
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
  const Lab lab;
  lab.add_tcx_veth();
  const std::string server = Lab::folder + std::string("/iperf3.pid");
  run("nice -n -20 iperf3 -s -D -I " + server);
  if (!wait_for(5000, [&] { return !answer_to("ss -Hltn sport = 5201").text.empty(); }))
    die("iperf3 does not listen");
  Subjects subjects;
  tcp_gbits();  // warms caches and the memory of the sockets
  const Figures tcp = compare(subjects, tcp_gbits), udp = compare(subjects, udp_kpps);
  ::kill(static_cast<pid_t>(std::stol(read_text(server))), SIGTERM);

  fmt::print("{}: {} rounds of {} s, tcx hook, sender on CPU 1, receiver on CPU 0\n", bench::machine(),
             rounds, tcp_seconds);
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
    verdict = "does not hold";
    code = 1;
  }
  fmt::print(
      "throughput: TCP with Ebb {:.3f} of a bare program's (limit {:.3f}, bound {:.2f}), the same program "
      "twice "
      "{:.3f} (interval {:.3f} wide, at most {:.2f}); UDP of 64 bytes {:.3f}: {}\n",
      bulk.ebb.median, bulk.ebb.low, bound, bulk.same.median, width, widest, small.ebb.median, verdict);
  return code;
}
