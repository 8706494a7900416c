// SPDX-License-Identifier: GPL-2.0-or-later
// The cpufreq sensor: every policy below ROOT/sys/devices/system/cpu/cpufreq.
#pragma once

#include <string>

#include "sense/sample.hpp"

namespace ebb {

inline constexpr const char* cpufreq_folder = "/sys/devices/system/cpu/cpufreq";

// A sample of nothing else, where only the board's policies matter: sample.policies, sample.frequency and the
// readings "frequency" and "cpufreq.POLICY.*". Reads only files that do not wake an idle CPU
// (scaling_cur_freq, never cpuinfo_cur_freq).
void sense_cpufreq(const std::string& root, Sample& sample);

// The means of the sample after `before` begin now, not when `before` was read.
void begin_means(const FrequencyTrace& trace, Sample& before);

}  // namespace ebb
