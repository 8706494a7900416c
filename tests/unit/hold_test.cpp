// SPDX-License-Identifier: GPL-2.0-or-later
// Which hold counts.
#include "decide/hold.hpp"

#include <gtest/gtest.h>

using namespace ebb;
using namespace std::chrono_literals;
using enum PowerState;

namespace {

std::string chosen(const std::vector<Hold>& holds, std::chrono::milliseconds now) {
  const Hold* hold = strongest(holds, now);
  return hold ? hold->id : "none";
}

TEST(Hold, TheMostSavingOneInForce) {
  const std::vector<Hold> holds = {{"fast", performance, "", "", 100s},
                                   {"save", power_saver, "", "", 50s},
                                   {"plain", balanced, "", "", 70s}};
  EXPECT_EQ(chosen({}, 0s), "none");
  EXPECT_EQ(chosen(holds, 0s), "save");
  EXPECT_EQ(chosen(holds, 50s - 1ms), "save");
  EXPECT_EQ(chosen(holds, 50s), "plain") << "an end is no part of the hold";
  EXPECT_EQ(chosen(holds, 70s), "fast");
  EXPECT_EQ(chosen(holds, 100s), "none");
}

TEST(Hold, OfEqualsTheOneThatEndsLastThenTheFirst) {
  const std::vector<Hold> holds = {{"short", critical, "", "", 10s},
                                   {"long", critical, "", "", 30s},
                                   {"same", critical, "", "", 30s},
                                   {"longest", performance, "", "", 90s}};
  EXPECT_EQ(chosen(holds, 5s), "long");
}

}  // namespace
