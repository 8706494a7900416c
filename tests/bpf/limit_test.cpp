// SPDX-License-Identifier: GPL-2.0-or-later
// The rate of `limit`, in simulated time: a second has so many jiffies that none of the real ones counts, and
// time passes by moving the due time back.
#include <gtest/gtest.h>

#include "compare.hpp"

namespace ebb::test {
namespace {

constexpr std::uint32_t hz = 4000000;
constexpr std::uint64_t second = std::uint64_t{hz} << 20;

TEST(Limit, LetsItsRateThroughAndATenthOfASecondAtOnce) {
  auto both = Both::load();
  ASSERT_TRUE(both) << both.error().what;
  const Bytes frame = Packet().ipv4().udp(1, 1).payload(20).bytes();
  for (const std::uint32_t rate : {1u, 10u, 100u, 777u}) {
    Config config;
    config.classes = {treated("limited", {Rule{}}, {.limit = rate})};
    both->set(config, {5}, Situation{});
    for (PacketObject& object : both->objects()) {
      ebb_live& live = object.live();
      live.hz = hz;
      live.bucket[5] = 0;
      const auto burst = [&] {
        for (unsigned sent = 0;; ++sent)
          if (object.run(frame).action == Action::drop || sent > 2 * rate) return sent;
      };
      const unsigned most = rate / 10 + 1;
      EXPECT_NEAR(burst(), most, 1) << rate;
      EXPECT_EQ(burst(), 0u) << "used up, " << rate;
      unsigned passed = 0;  // in 10 seconds of more packets than that
      for (unsigned step = 0; step < 2000; ++step) {
        live.bucket[5] -= second / 200;
        for (unsigned n = 0; n < rate / 100 + 1; ++n) passed += object.run(frame).action == Action::pass;
      }
      EXPECT_GE(passed, rate * 10 - 1) << rate;
      EXPECT_LE(passed, rate * 10 + most + 1) << rate;
      live.bucket[5] -= 100 * second;  // a long silence earns no more than one burst
      EXPECT_NEAR(burst(), most, 1) << rate;
      EXPECT_EQ(live.bucket[4] | live.bucket[6], 0u) << "another class paid";
    }
  }
}

}  // namespace
}  // namespace ebb::test
