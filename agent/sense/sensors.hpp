// SPDX-License-Identifier: GPL-2.0-or-later
// All sensors. A sample costs the price of its files (docs/sensors.md), and wakes nobody.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "sense/cpufreq.hpp"
#include "sense/sample.hpp"
#include "sense/tree.hpp"

namespace ebb {

class Sensors {
 public:
  explicit Sensors(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}

  // What the machine answers now. `now` is CLOCK_BOOTTIME, or what stands for it in a replay.
  Sample read(std::chrono::milliseconds now);

  Tree& tree() { return *tree_; }
  // From now on the frequency is the mean since the sample before, where `trace` knows it.
  void follow(FrequencyTrace trace) { trace_ = std::move(trace); }
  // The frequency is limited otherwise from now on: what it was before does not count any more.
  void begin_means() { ebb::begin_means(trace_, before_); }

 private:
  std::unique_ptr<Tree> tree_;
  FrequencyTrace trace_;
  Sample before_;
};

}  // namespace ebb
