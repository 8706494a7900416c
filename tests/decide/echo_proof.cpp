// SPDX-License-Identifier: GPL-2.0-or-later
// The proof `make prove-echo`: Ebb's own caps in a closed loop with models of the kernel's governors, 24
// hours of load. When load returns, power-saver is left within its dwell time and one interval; while the
// load stays as it is, the state comes to rest. echo_proof [SEED].
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "decide/state.hpp"
#include "governors.hpp"

namespace ebb::test {
namespace {

constexpr long day = 24 * 3600, interval = 5, dwell = 15;  // seconds
constexpr long patience = dwell + interval;

constexpr const char* configuration = R"(
[agent]
interfaces = ["eth0"]
[state.power-saver]
enter = { frequency = "< 50%" }
leave = { frequency = "> 60%" }
dwell = "15s"
)";

constexpr Board boards[] = {{"Raspberry Pi 4", 600'000, 1'800'000},
                            {"x86 laptop", 400'000, 2'800'000},
                            {"deep range", 200'000, 2'000'000}};
constexpr double limits[] = {600'000, 800'000};  // kHz, in power-saver
constexpr const char* governor_words[] = {"performance", "powersave", "ondemand", "schedutil"};

// A stretch of time whose load stays as it is, but for its noise.
struct Stretch {
  long seconds;
  double work;  // see Cpu::run
};

using Day = std::vector<Stretch>;

// Idle nights, a morning that rises in steps, bursts, and afternoons at any level.
Day random_day(std::mt19937& random) {
  const auto number = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  Day out;
  long left = day;
  while (left > 0) {
    const double what = number(0, 1);
    Stretch next{static_cast<long>(number(300, 3600)), number(0.01, 0.1)};
    if (what > 0.4) next.work = number(0.1, 0.6);
    if (what > 0.7) next = {static_cast<long>(number(60, 900)), number(0.6, 1.2)};
    next.seconds = std::min(next.seconds, left);
    out.push_back(next);
    left -= next.seconds;
  }
  return out;
}

struct Figures {
  long runs = 0, changes = 0, returns = 0, slowest = 0, most = 0, stretches = 0, capped = 0, wrong = 0;
} figures;

void wrong(const Board& board, Governor governor, double limit, const char* what, long at, double work) {
  if (++figures.wrong <= 10)
    std::printf("%s, %s, at most %.0f MHz, second %ld, load %.2f: %s\n", board.name,
                governor_words[static_cast<int>(governor)], limit / 1000, at, work, what);
}

// The agent and the machine, second by second.
class Loop {
 public:
  Loop(const Board& board, Governor governor, double limit, const States& states)
      : board_(board), limit_(limit), states_(states), cpu_(board, governor) {
    CpufreqPolicy policy;
    policy.name = "policy0";
    policy.hardware_max = static_cast<std::uint64_t>(board.max);
    sample_.policies = {policy};
  }

  void second(double work) {
    cpu_.run(work);
    busy_ += cpu_.busy() / interval;
    if (++now_ % interval == 0) decide();
  }

  bool saving() const { return memory_.state == PowerState::power_saver; }
  bool capped() const { return !limits_.max.empty() && cpu_.frequency() >= 0.95 * limit_; }
  long changes() const { return static_cast<long>(memory_.changes); }

 private:
  void decide() {
    sample_.policies[0].current = static_cast<std::uint64_t>(cpu_.frequency());
    sample_.frequency = Frequency{100 * cpu_.frequency() / board_.max, cpu_.frequency()};
    sample_.readings["utilisation"].number = 100 * std::min(busy_, 1.0);
    busy_ = 0;
    memory_ = decide_state(states_, memory_,
                           {.sample = sample_, .limits = limits_, .now = std::chrono::seconds(now_)});
    limits_.max.clear();
    if (saving()) limits_.max["policy0"] = static_cast<std::uint64_t>(limit_);
    cpu_.set_cap(saving() ? limit_ : board_.max);
  }

  Board board_;
  double limit_;
  const States& states_;
  Cpu cpu_;
  Sample sample_;
  StateMemory memory_;
  OwnLimits limits_;
  double busy_ = 0;
  long now_ = 0;
};

void run(const Board& board, Governor governor, double limit, const States& states, const Day& profile,
         std::mt19937& random) {
  Loop loop(board, governor, limit, states);
  std::normal_distribution<double> noise(1, 0.03);
  long now = 0;
  ++figures.runs;
  for (const Stretch& stretch : profile) {
    const long changes = loop.changes();
    // Load that the cap cannot carry, with room for the noise.
    const bool too_much = stretch.work > 1.1 * limit / board.max;
    long late = 0;  // seconds for which the cap has held the load back
    for (long i = 0; i < stretch.seconds; ++i, ++now) {
      loop.second(std::max(0.0, stretch.work * noise(random)));
      late = too_much && loop.saving() && loop.capped() ? late + 1 : 0;
      figures.capped += loop.capped();
      figures.slowest = std::max(figures.slowest, late);
      figures.returns += late == 1;
      if (late == patience + 1)
        wrong(board, governor, limit, "the cap holds the state that caps", now, stretch.work);
    }
    // At most into power-saver and, where that was too tight, out again.
    const long own = loop.changes() - changes;
    figures.most = std::max(figures.most, own);
    figures.changes += own;
    ++figures.stretches;
    if (own > 2) wrong(board, governor, limit, "the state does not come to rest", now, stretch.work);
  }
}

}  // namespace
}  // namespace ebb::test

int main(int argc, char** argv) {
  using namespace ebb::test;
  std::mt19937 random(argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 7);
  const auto config = ebb::parse_config(configuration, "echo");
  if (!config) {
    std::fprintf(stderr, "ERROR: %s\nHINT:  %s\n", config.error().what.c_str(), config.error().hint.c_str());
    return 2;
  }
  constexpr int days = 8;
  for (int n = 0; n < days; ++n) {
    const Day profile = random_day(random);
    for (const Board& board : boards)
      for (const double limit : limits)
        for (const auto governor :
             {Governor::performance, Governor::powersave, Governor::ondemand, Governor::schedutil})
          run(board, governor, limit, config->states, profile, random);
  }
  const auto& f = figures;
  const bool enough = f.returns > 100 && f.capped > 1000 && f.changes > 100;
  if (!enough) std::printf("the cap was met too rarely to be judged\n");
  std::printf(
      "echo: %ld days of 24 h (4 governors, 3 boards, 2 limits), load returned %ld times under the cap: "
      "left within %ld s (bound %ld); at most %ld changes in each of %ld stretches of steady load (bound 2); "
      "%ld wrong\n",
      f.runs, f.returns, f.slowest, patience, f.most, f.stretches, f.wrong);
  return f.wrong != 0 ? 1 : enough ? 0 : 2;
}
