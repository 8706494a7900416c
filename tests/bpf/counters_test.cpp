// SPDX-License-Identifier: GPL-2.0-or-later
// Each CPU counts for itself.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "compare.hpp"

namespace ebb::test {
namespace {

std::uint64_t unclassified(const ebb_counters& of) { return of.verdict[EBB_CLASSES][EBB_PASS].packets; }

TEST(Counters, EachCpuHasItsOwn) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  auto both = Both::load();
  ASSERT_TRUE(both) << both.error().what;
  both->set(Config{}, {}, Situation{});
  const Bytes frame = Packet().ipv4().udp(1, 1).payload(20).bytes();
  for (PacketObject& object : both->objects())
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &before)) continue;
      pin_to_cpu(cpu);
      const std::uint64_t others =
          unclassified(object.counters()) - unclassified(object.live().counters[cpu]);
      const std::uint64_t own = unclassified(object.live().counters[cpu]);
      for (unsigned i = 0; i < 3; ++i) object.run(frame);
      EXPECT_EQ(unclassified(object.live().counters[cpu]) - own, 3U) << cpu;
      EXPECT_EQ(unclassified(object.counters()) - unclassified(object.live().counters[cpu]), others) << cpu;
    }
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace ebb::test
