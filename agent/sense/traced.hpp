// SPDX-License-Identifier: GPL-2.0-or-later
// The frequency of a CPU as the kernel tells each change of it (dataplane/frequencies.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace ebb {

// The area below the curve: what it grows by, divided by the time between, is the mean.
struct TracedFrequency {
  std::uint64_t microseconds = 0;  // CLOCK_MONOTONIC: up to when
  std::uint64_t area = 0;          // kHz x us since the first change; wraps
  std::uint64_t changes = 0;
};

// Nothing: no change of this CPU was told yet.
using FrequencyTrace = std::function<std::optional<TracedFrequency>(unsigned cpu)>;

}  // namespace ebb
