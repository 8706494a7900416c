// SPDX-License-Identifier: GPL-2.0-or-later
// The traffic mode.
#include "decide/mode.hpp"

#include <limits>

#include <gtest/gtest.h>

using namespace ebb;
using namespace std::chrono_literals;
using enum TrafficMode;

namespace {

struct Wire {
  ModeMemory memory;
  std::chrono::milliseconds now = 1000s;

  TrafficMode carry(std::uint64_t urgent, std::uint64_t bulk, std::chrono::milliseconds time = 5s) {
    now += time;
    memory = decide_mode(memory, {urgent, bulk, time}, now);
    return memory.mode;
  }
};

TEST(Mode, UrgentThenBulkThenQuiet) {
  EXPECT_EQ(Wire().carry(0, 0), quiet);
  EXPECT_EQ(Wire().carry(0, 5000), quiet) << "1000 packets/s";
  EXPECT_EQ(Wire().carry(0, 5001), bulk);
  EXPECT_EQ(Wire().carry(1, 5001), interactive);
  EXPECT_EQ(Wire().carry(1, 0, 1ms), interactive);
  EXPECT_EQ(Wire().carry(0, 101, 100ms), bulk);
  EXPECT_EQ(Wire().carry(0, std::numeric_limits<std::uint64_t>::max(), 1h), bulk);
}

TEST(Mode, BulkEndsBelowHalfOfWhereItBegins) {
  Wire wire;
  wire.carry(0, 5001);
  EXPECT_EQ(wire.carry(0, 2500), bulk) << "500 packets/s";
  EXPECT_EQ(wire.carry(0, 2499), quiet);
  EXPECT_EQ(wire.carry(0, 2500), quiet);
}

TEST(Mode, CountersThatAreTooCloseSayNothingAboutARate) {
  Wire wire;
  EXPECT_EQ(wire.carry(0, 1000, 99ms), quiet);
  wire.carry(0, 5001);
  EXPECT_EQ(wire.carry(0, 0, 99ms), bulk);
  EXPECT_EQ(wire.carry(0, 0, 0ms), bulk);
}

TEST(Mode, InteractiveEndsAfterItsQuietTime) {
  Wire wire;
  wire.memory = urgent_seen(wire.memory, wire.now);
  EXPECT_EQ(wire.memory.mode, interactive);
  EXPECT_EQ(wire.carry(0, 0, interactive_quiet - 1ms), interactive);
  EXPECT_EQ(wire.carry(0, 0, 1ms), quiet);
  wire.carry(3, 0, 1s);
  EXPECT_EQ(wire.carry(0, 9000, 9s), interactive);
  EXPECT_EQ(wire.carry(0, 9000, 1s), bulk) << "bulk goes on behind it";
}

TEST(Mode, APacketEverySixSecondsIsOneSession) {
  Wire wire;
  wire.carry(1, 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(wire.carry(0, 0), interactive);
    EXPECT_EQ(wire.carry(1, 0, 1s), interactive);
  }
}

}  // namespace
