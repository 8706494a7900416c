// SPDX-License-Identifier: GPL-2.0-or-later
// Each CPU counts for itself.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "compare.hpp"

namespace ebb::test {
namespace {

std::uint64_t unclassified(const ebb_counters& of) { return of.verdict[EBB_CLASSES][EBB_PASS].packets; }

bool may_run_on(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

TEST(Counters, EachCpuHasItsOwn) {
  auto both = Both::load();
  ASSERT_TRUE(both) << both.error().what;
  both->set(Config{}, {}, Situation{});
  const Bytes frame = Packet().ipv4().udp(1, 1).payload(20).bytes();
  const auto cpus = std::min<unsigned>(static_cast<unsigned>(sysconf(_SC_NPROCESSORS_CONF)), EBB_COUNTED);
  unsigned seen = 0;  // a cpuset may leave some out
  for (unsigned cpu = 0; cpu < cpus; ++cpu) {
    if (!may_run_on(cpu)) continue;
    ++seen;
    for (PacketObject& object : both->objects()) {
      const auto own = [&] { return unclassified(object.live().counters[cpu]); };
      const auto others = [&] { return unclassified(object.counters()) - own(); };
      const std::uint64_t own_before = own(), others_before = others();
      for (unsigned i = 0; i < 3; ++i) object.run(frame);
      EXPECT_EQ(own() - own_before, 3U) << cpu;
      EXPECT_EQ(others(), others_before) << cpu;
    }
  }
  pin_to_cpu(0);  // where the other tests run
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace ebb::test
