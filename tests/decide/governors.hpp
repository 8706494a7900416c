// SPDX-License-Identifier: GPL-2.0-or-later
// A model of one cpufreq policy under load: four of the kernel's governors, as their source states the rule.
#pragma once

#include <algorithm>

namespace ebb::test {

enum class Governor { performance, powersave, ondemand, schedutil };

struct Board {
  const char* name;
  double min, max;  // kHz
};

class Cpu {
 public:
  Cpu(const Board& board, Governor governor)
      : board_(board), governor_(governor), frequency_(board.max), cap_(board.max) {}

  void set_cap(double kilohertz) { cap_ = std::clamp(kilohertz, board_.min, board_.max); }

  // One second with `work` to do: a share of what the CPU does in a second at its highest frequency. What
  // does not fit is done later, up to two seconds of it; the rest gives up.
  void run(double work) {
    constexpr int slices = 20;  // governors look every 10 to 50 ms
    busy_ = 0;
    for (int i = 0; i < slices; ++i) {
      const double capacity = frequency_ / board_.max / slices;
      backlog_ = std::min(backlog_ + work / slices, 2.0);
      const double done = std::min(backlog_, capacity);
      backlog_ -= done;
      const double share = done / capacity;
      busy_ += share / slices;
      govern(share);
    }
  }

  double frequency() const { return frequency_; }  // kHz
  double busy() const { return busy_; }            // share of the last second

 private:
  void govern(double share) {
    double wanted = board_.min;
    switch (governor_) {
      case Governor::performance:
        wanted = board_.max;
        break;
      case Governor::powersave:
        break;
      case Governor::ondemand:  // up_threshold 95 with fine-grained idle times; below it by the load
        wanted = share > 0.95 ? board_.max : board_.min + share * (board_.max - board_.min);
        break;
      case Governor::schedutil:  // 1.25 x max x (frequency-invariant utilisation)
        wanted = 1.25 * share * frequency_;
        break;
    }
    frequency_ = std::clamp(wanted, board_.min, cap_);
  }

  Board board_;
  Governor governor_;
  double frequency_, cap_, backlog_ = 0, busy_ = 0;
};

}  // namespace ebb::test
