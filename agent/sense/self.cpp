// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent itself costs: asked of the kernel, no file.
#include <sys/resource.h>

#include "sense/sources.hpp"

namespace ebb {
namespace {

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

void sense_self(Probe& probe) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const std::uint64_t total = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  const auto growth = probe.growth("self", total);
  probe["self.cpu_seconds"] = number("seconds", static_cast<double>(total) / 1e6);
  probe["self.cpu"] = growth && probe.seconds() > 0 ? number("percent", *growth / 1e4 / probe.seconds())
                                                    : unknown("percent", "one sample is not enough");
}

}  // namespace ebb
