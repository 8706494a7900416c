// SPDX-License-Identifier: GPL-2.0-or-later
// Sample: what the machine answered at one moment. A value that could not be had is
// `unknown` with the reason, never zero.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sense/traced.hpp"

namespace ebb {

struct Reading {
  std::optional<double> number;  // or
  std::optional<std::string> text;
  std::string unit;     // "percent", "kilohertz", "" for text
  std::string reason;   // why it is unknown
  bool silent = false;  // unknown because the kernel itself says that there is no value now
  bool known() const { return number.has_value() || text.has_value(); }
};

struct CpufreqPolicy {
  std::string name;  // "policy0"
  std::string cpus;  // list format, "0-3"
  // kHz, as scaling_cur_freq, scaling_min_freq, scaling_max_freq, cpuinfo_min_freq, cpuinfo_max_freq
  std::optional<std::uint64_t> current, min, max, hardware_min, hardware_max;
  std::optional<std::uint64_t> mean;  // kHz, of `current` since the sample before; nothing: nobody traces it

  std::optional<std::uint64_t> speed() const { return mean ? mean : current; }
  // Of the hardware maximum; nothing: one of both is unknown.
  std::optional<double> percent(std::optional<std::uint64_t> kilohertz) const {
    if (!kilohertz || !hardware_max) return std::nullopt;
    return 100 * static_cast<double>(*kilohertz) / static_cast<double>(*hardware_max);
  }
};

struct Frequency {
  double percent = 0;    // highest speed() / hardware maximum over the policies
  double kilohertz = 0;  // speed() of that policy
};

struct Sample {
  std::chrono::milliseconds at{0};     // CLOCK_BOOTTIME
  std::optional<Frequency> frequency;  // nothing: unknown, the reason is in readings["frequency"]
  std::vector<CpufreqPolicy> policies;
  std::map<std::string, Reading> readings;  // by sensor name: "frequency", "cpufreq.policy0.current", ...

  // For the sample after this one.
  std::map<std::string, std::uint64_t> counters;  // raw, by what they count: "cpu.busy"
  std::map<unsigned, TracedFrequency> traced;     // by CPU
  std::set<std::string> answered;                 // readings that were known since they are there
};

}  // namespace ebb
