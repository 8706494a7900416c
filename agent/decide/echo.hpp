// SPDX-License-Identifier: GPL-2.0-or-later
// No echo (DESIGN 4.2): what Ebb itself wrote is no reason for Ebb. Where its maximum binds, the frequency is
// only a lower bound of what the machine would choose, and the load decides the way up; where its minimum
// binds, it is only an upper bound. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sense/sample.hpp"

namespace ebb {

// cpufreq policy name -> kHz: the limits that Ebb itself wrote and that are in force.
struct OwnLimits {
  std::map<std::string, std::uint64_t> max = {}, min = {};
  bool operator==(const OwnLimits&) const = default;
};

struct OwnLimit {
  std::string policy;
  std::uint64_t kilohertz = 0;
  double percent = 0;    // of the policy's hardware maximum
  bool minimum = false;  // else a maximum
};

// The tightest maximum that binds: 0.95 of it is reached now, or by the mean since the sample before.
// Nothing: the governor could have chosen more.
std::optional<OwnLimit> self_cap(const Sample& sample, const OwnLimits& limits);

// The minimum of the policy whose frequency is the sample's, if it binds: 0.95 x speed() <= limit. Nothing:
// the governor could have chosen less.
std::optional<OwnLimit> self_floor(const Sample& sample, const OwnLimits& limits);

// "Ebb's own limit of 600 MHz on policy0 binds", "Ebb's own minimum of ..."
std::string reason(const OwnLimit& limit);

// Whether the CPUs have more to do than a cap lets them: the busiest CPU ("utilisation.busiest", else the
// mean) is busy for more than 90 % of the time. Above that schedutil (which aims at 80 %) and ondemand (80 or
// 95 %) would go beyond the cap. Where it is unknown: more than one runnable task per CPU; else tasks wait in
// more than 30 % of the time; where nothing is known: yes, since a cap must not hold itself.
bool busy(const Sample& sample);

// Whether the work of now would leave room under a cap of `percent` of the hardware maximum: utilisation x
// frequency below 70 % of it. 70 against 90 %: a cap that was too tight is not put on again by the same load.
bool fits(const Sample& sample, double percent);

}  // namespace ebb
