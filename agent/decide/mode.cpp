// SPDX-License-Identifier: GPL-2.0-or-later
#include "decide/mode.hpp"

#include <algorithm>

namespace ebb {

TrafficMode decide_mode(const Traffic& traffic, std::chrono::milliseconds interval) {
  if (traffic.urgent > 0) return TrafficMode::interactive;
  // 1000 packets/s are one per millisecond.
  const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 0));
  return traffic.bulk > limit ? TrafficMode::bulk : TrafficMode::quiet;
}

}  // namespace ebb
