// SPDX-License-Identifier: GPL-2.0-or-later
// No echo (DESIGN 4.2): a frequency that is low because Ebb capped it must not keep Ebb in the state that
// caps it. Where a cap binds, the frequency is only a lower bound, and the load decides the way up. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sense/sample.hpp"

namespace ebb {

// cpufreq policy name -> kHz: the maximum that Ebb itself wrote and that is in force.
using Caps = std::map<std::string, std::uint64_t>;

struct SelfCap {
  std::string policy;
  std::uint64_t kilohertz = 0;  // Ebb's maximum for it
  double percent = 0;           // of its hardware maximum
};

// The tightest cap that binds: current >= 0.95 x cap. Nothing: the frequency is what the governor chose.
std::optional<SelfCap> self_cap(const Sample& sample, const Caps& caps);

// "Ebb's own limit of 600 MHz on policy0 binds"
std::string reason(const SelfCap& cap);

// Whether the CPUs have more to do than a cap lets them: the busiest CPU ("utilisation.busiest", else the
// mean) is busy for more than 90 % of the time. Above that schedutil (which aims at 80 %) and ondemand (80 or
// 95 %) would go beyond the cap. Where it is unknown: more than one runnable task per CPU; else tasks wait in
// more than 30 % of the time; where nothing is known: yes, since a cap must not hold itself.
bool busy(const Sample& sample);

// Whether the work of now would leave room under a cap of `percent` of the hardware maximum: utilisation x
// frequency below 70 % of it. 70 against 90 %: a cap that was too tight is not put on again by the same load.
bool fits(const Sample& sample, double percent);

}  // namespace ebb
