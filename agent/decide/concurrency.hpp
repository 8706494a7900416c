// SPDX-License-Identifier: GPL-2.0-or-later
// How many workers a program should have now: a recommendation. Pure.
#pragma once

#include <optional>
#include <string>

#include "sense/sample.hpp"

namespace ebb {

struct Concurrency {
  unsigned workers = 0;  // 0: not known yet
  std::string why = {};  // the row of the table below, and what it saw
  unsigned pinched = 0;  // samples in a row with a low frequency and memory pressure
  bool operator==(const Concurrency&) const = default;
};

// Once per interval. `cpus`: online, at least 1. The first row that holds:
//
// | frequency | memory pressure | run queue       | samples     | workers            |
// | < 50 %    | > 10 %          |                 | 3 in a row  | min(4, CPUs)       |
// | > 80 %    | < 1 %           | > 2 tasks a CPU |             | min(2 x CPUs, 128) |
// | else      |                 |                 |             | CPUs               |
//
// The frequency is the average over the cpufreq policies, of their hardware maximum. An unknown value, and a
// self-capped frequency as a low one, fill no row but the last.
Concurrency recommend(const Concurrency& before, const Sample& sample, bool self_capped, unsigned cpus);

}  // namespace ebb
