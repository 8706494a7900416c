// SPDX-License-Identifier: GPL-2.0-or-later
// The packet programs compiled natively give the reference's verdicts, and leave the live structure alone.
#include <gtest/gtest.h>

#include <cstring>

#include "support/biased.hpp"
#include "support/native.hpp"
#include "support/testrun.hpp"

namespace ebb::test {
namespace {

constexpr unsigned policies = 1000, frames_each = 200;

std::string hex(const Bytes& frame) {
  std::string out;
  for (const auto byte : frame) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    out += two;
  }
  return out;
}

// 200,000 frames; each by its hook, and some also with the tag beside the frame or without an Ethernet
// header.
TEST(Judge, AgreesWithTheReference) {
  std::array<unsigned, EBB_VERDICTS> seen{};
  unsigned failures = 0;
  for (unsigned seed = 0; seed < policies && failures < 5; ++seed) {
    Biased biased(seed);
    const Situation machine = biased.situation();
    const Config config = biased.policy();
    Native native(config, biased.slots(config), machine);
    Situation now = machine;
    for (unsigned i = 0; i < frames_each; ++i) {
      if (i % 8 == 0) {
        now.xdp = biased.chance(50);
        now.cpu = biased.below(2);
        now.state = static_cast<PowerState>(biased.below(4));
        now.above_rate = biased.chance(50);
        native.apply(now);
      }
      const Bytes frame = biased.frame(config);
      std::string wrong = native.check(frame);
      if (wrong.empty() && i % 4 == 1) wrong = native.check_tagged(frame, biased.chance(50) ? 7 : 0xf00a);
      if (wrong.empty() && i % 4 == 2) wrong = native.check_raw_ip({frame.begin() + 14, frame.end()});
      if (!wrong.empty() && ++failures)
        ADD_FAILURE() << "seed " << seed << ", frame " << i << " " << hex(frame) << ": " << wrong;
      ++seen[native.run({.frame = {}, .tc = !now.xdp}, frame).verdict];
    }
  }
  for (unsigned verdict = EBB_PASS; verdict <= EBB_LIMIT; ++verdict)
    EXPECT_GT(seen[verdict], 200u) << "too few of verdict " << verdict << " to mean anything";
}

TEST(Judge, AFrameThatIsTooShortPasses) {
  Biased biased(1);
  const Config config = biased.policy();
  Native native(config, biased.slots(config), biased.situation());
  const Bytes whole = Packet().ipv4().udp(5, 6).bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(native.check(cut), "") << size;
  }
}

// A class that drops UDP port 9, limits port 10 and passes the rest.
Config three_treatments() {
  Config config;
  for (const std::uint16_t port : {std::uint16_t{9}, std::uint16_t{10}}) {
    TrafficClass c;
    c.name = "port" + std::to_string(port);
    Rule rule;
    rule.proto = {17};
    rule.dport = {{port, port}};
    c.match = {rule};
    Treatment& treat = c.treat[static_cast<std::size_t>(PowerState::critical)];
    if (port == 9)
      treat.drop = true;
    else
      treat.limit = 100;
    config.classes.push_back(c);
  }
  return config;
}

std::unique_ptr<ebb_live> live_of(const Config& config) {
  Situation now;
  auto live = std::make_unique<ebb_live>();
  compile(config, {5, 9}, now, live->bank[0]);
  write_live(*live, now, native_ifindex);
  return live;
}

TEST(Judge, SaysWhatEachStateGives) {
  const auto live = live_of(three_treatments());
  const Bytes frame = Packet().ipv4().udp(1, 9).payload(20).bytes();
  for (const auto state : {PowerState::performance, PowerState::balanced, PowerState::power_saver}) {
    const Judged judged = judge_packet(*live, {.frame = frame, .state = state, .ifindex = native_ifindex});
    EXPECT_EQ(judged.verdict, EBB_PASS);
    EXPECT_EQ(judged.reason, EBB_R_TREATMENT);
    EXPECT_EQ(judged.frame, frame);
  }
  const Judged judged =
      judge_packet(*live, {.frame = frame, .state = PowerState::critical, .ifindex = native_ifindex});
  EXPECT_EQ(judged.verdict, EBB_DROP);
  EXPECT_EQ(judged.action, Judged::Action::drop);
  EXPECT_EQ(judged.rule, 0u);
  EXPECT_EQ(judged.slot, 5u);
  EXPECT_EQ(judged.reason, std::nullopt);
  EXPECT_TRUE(judged.frame.empty());
}

TEST(Judge, LeavesTheLiveStructureAlone) {
  const auto live = live_of(three_treatments());
  for (auto& due : live->bucket) due = ~std::uint64_t{0} >> 1;
  const auto before = std::make_unique<ebb_live>();
  std::memcpy(before.get(), live.get(), sizeof *live);
  const Bytes frame = Packet().ipv4().udp(1, 10).bytes();
  const Judged judged =
      judge_packet(*live, {.frame = frame, .state = PowerState::critical, .ifindex = native_ifindex});
  EXPECT_EQ(judged.slot, 9u);
  EXPECT_EQ(judged.verdict, EBB_PASS) << "a limit counts from what was judged here";
  EXPECT_EQ(std::memcmp(before.get(), live.get(), sizeof *live), 0);
}

// 100 a second, a tenth of a second's at once.
TEST(Judge, UsesALimitUp) {
  Judge judge(*live_of(three_treatments()));
  const Bytes frame = Packet().ipv4().udp(1, 10).bytes();
  const Arrival arrival{.frame = frame, .state = PowerState::critical, .ifindex = native_ifindex};
  judge.live().jiffies = 1000;
  unsigned passed = 0;
  while (passed < 100 && judge.judge(arrival).verdict == EBB_PASS) ++passed;
  EXPECT_EQ(passed, 11u);
  EXPECT_EQ(judge.judge(arrival).action, Judged::Action::drop);
  judge.live().jiffies += judge.live().hz;
  EXPECT_EQ(judge.judge(arrival).verdict, EBB_PASS) << "a second later";
}

TEST(Judge, NamesTheProtection) {
  const auto live = live_of(three_treatments());
  const Bytes frame = Packet().arp().bytes();
  const Judged judged = judge_packet(*live, {.frame = frame, .ifindex = native_ifindex});
  EXPECT_EQ(judged.protection, EBB_R_ARP);
  EXPECT_EQ(judged.rule, std::nullopt);
  EXPECT_EQ(judged.slot, static_cast<unsigned>(EBB_CLASSES));
}

TEST(Judge, ADeadAgentPassesEverything) {
  const auto live = live_of(three_treatments());
  live->deadline = 0;
  const Bytes frame = Packet().ipv4().udp(1, 9).bytes();
  const Judged judged =
      judge_packet(*live, {.frame = frame, .state = PowerState::critical, .ifindex = native_ifindex});
  EXPECT_EQ(judged.reason, EBB_R_INERT);
  EXPECT_EQ(judged.slot, std::nullopt);
}

}  // namespace
}  // namespace ebb::test
