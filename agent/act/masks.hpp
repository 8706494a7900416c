// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPUs a power state's work runs on.
#pragma once

#include <string>
#include <vector>

#include "base/cpumask.hpp"
#include "config/config.hpp"

namespace ebb {

struct MaskChoice {
  CpuMask mask;     // empty: nothing is moved
  std::string why;  // one sentence for `status`
};

// `cpus` of a state. Named CPUs: those that are online. "efficient": the CPUs of least cpu_capacity, else of
// the lowest hardware maximum frequency, else (symmetric board) those that take the interfaces' interrupts;
// else empty, with why. `root` holds the sensors (cpu_capacity, cpufreq); online CPUs and interrupts are the
// machine's own, below `machine`.
MaskChoice choose_cpus(const CpuChoice& choice, const std::string& root,
                       const std::vector<std::string>& interfaces, const std::string& machine = "/");

}  // namespace ebb
