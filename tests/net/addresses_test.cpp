// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses that are ours, in the live structure, follow the kernel.
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "dataplane/pins.hpp"
#include "follower.hpp"
#include "support/netns.hpp"
#include "support/percentile.hpp"

namespace ebb::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto npos = std::string::npos;
constexpr int soon_ms = 3000;
constexpr unsigned removals = 1000;
constexpr double followed_ms = 5;

class AddressesTest : public testing::Test {
 protected:
  Lab lab;
};

TEST_F(AddressesTest, ARemovedAddressIsGoneWithinMilliseconds) {
  const Follower follower({node_if});
  std::vector<double> took;
  for (unsigned i = 0; i < removals; ++i) {
    const std::string last = std::to_string(16 + i % 200);
    const auto address = own_address((i % 2 ? "2001:db8::" : "192.0.2.") + last, node_if);
    const unsigned prefix = i % 2 ? 64 : 24;
    change_address(RTM_NEWADDR, address, prefix);
    ASSERT_TRUE(wait_for(soon_ms, [&] {
      const auto* slot = follower.slot(address);
      return slot && __atomic_load_n(&slot->answer, __ATOMIC_ACQUIRE);
    })) << last;
    const auto* slot = follower.slot(address);
    change_address(RTM_DELADDR, address, prefix);  // waits for whoever else changes the kernel's network
    const auto begin = Clock::now();
    while (__atomic_load_n(&slot->word[0], __ATOMIC_ACQUIRE) &&
           Clock::now() - begin < std::chrono::seconds(1)) {
    }
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    ASSERT_EQ(slot->answer, 0U);
  }
  std::printf("%u removals: median %.2f ms, p99 %.2f ms, maximum %.2f ms\n", removals, percentile(took, 0.5),
              percentile(took, 0.99), percentile(took, 1));
  EXPECT_LE(percentile(took, 0.5), followed_ms);  // the 99th percentile, on a quiet machine: prove-answers
}

TEST_F(AddressesTest, ATentativeAddressIsNotOursYet) {
  const Follower follower({node_if});
  EXPECT_TRUE(follower.slot(own_address(node_ipv6, node_if)));
  run("ip addr add 2001:db8::77/64 dev node0");  // with duplicate detection: tentative for a second or two
  const auto address = own_address("2001:db8::77", node_if);
  const auto tentative = [] {
    return run("ip addr show dev node0 to 2001:db8::77").find("tentative") != npos;
  };
  ASSERT_TRUE(tentative());
  bool early = false;
  EXPECT_TRUE(wait_for(10000, [&] {
    const bool there = follower.slot(address);
    early = early || (there && tentative());
    return there;
  }));
  EXPECT_FALSE(early);
}

TEST_F(AddressesTest, ADuplicateAddressIsNeverOurs) {
  const Follower follower({node_if});
  const auto address = own_address(neighbour_ipv6, node_if);
  const auto is = [](const char* flag) {
    return run("ip addr show dev node0 to 2001:db8::2").find(flag) != npos;
  };
  bool failed = false;
  for (int attempt = 0; attempt < 5 && !failed; ++attempt) {  // the one question, or its answer, may get lost
    run("ip addr add 2001:db8::2/64 dev node0");
    ASSERT_TRUE(wait_for(10000, [&] { return is("dadfailed") || !is("tentative"); }));
    failed = is("dadfailed");
    if (!failed) run("ip addr del 2001:db8::2/64 dev node0");
  }
  ASSERT_TRUE(failed);
  sleep_ms(200);
  EXPECT_FALSE(follower.slot(address));
}

TEST_F(AddressesTest, OnlyTheInterfacesOwnAddressesAreAnsweredFor) {
  const Follower follower({node_if});
  run("ip addr add 192.0.2.200/32 dev lo && ip addr add 198.51.100.1/24 dev node0 scope link"
      " && ip addr add 203.0.113.1/24 dev node0 scope host");
  const auto elsewhere = own_address("192.0.2.200", "lo"), link = own_address("198.51.100.1", node_if),
             host = own_address("203.0.113.1", node_if);
  ASSERT_TRUE(wait_for(
      soon_ms, [&] { return follower.slot(elsewhere) && follower.slot(link) && follower.slot(host); }));
  EXPECT_EQ(follower.slot(elsewhere)->answer, 0U);
  EXPECT_EQ(follower.slot(link)->answer, 1U);
  EXPECT_EQ(follower.slot(host)->answer, 0U);
  EXPECT_EQ(follower.slot(own_address(node_ipv4, node_if))->answer, 1U);
}

TEST_F(AddressesTest, TheMacAddressFollows) {
  const Follower follower({node_if});
  const Mac before = {2, 0, 0, 0, 0, 1}, after = {2, 0, 0, 0, 0, 0x55};
  EXPECT_EQ(follower.live().us_mac[1][0], mac_word(before));
  EXPECT_EQ(follower.flags(node_if).mac, mac_word(before));
  run("ip link set node0 address 02:00:00:00:00:55");
  EXPECT_TRUE(wait_for(soon_ms, [&] {
    return follower.live().us_mac[0x55][0] == mac_word(after) &&
           follower.flags(node_if).mac == mac_word(after);
  }));
  EXPECT_EQ(follower.live().us_mac[1][0], 0U);
}

// More events than the socket holds, and what is lost is of another kind than what is not.
TEST_F(AddressesTest, LostMessagesCostNothing) {
  Follower follower({"node*"});
  std::string batch;
  for (int i = 0; i < 4000; ++i)
    batch += "addr " + std::string(i % 2 ? "del" : "add") + " 192.0.2.99/24 dev node0\n";
  batch += "link set node0 name node7\n";
  write_text("/run/test/batch", batch);
  {
    const auto busy = follower.pause();
    run("ip -batch /run/test/batch");
  }
  EXPECT_TRUE(wait_for(soon_ms, [&] { return follower.find("node7").ifindex != 0; }));
  EXPECT_FALSE(follower.slot(own_address("192.0.2.99", "node7")));
}

// Six addresses of one set, whatever the hash is.
std::vector<OwnAddress> one_set() {
  std::vector<OwnAddress> out;
  for (unsigned i = 1; out.size() < 6; ++i) {
    OwnAddress address{.ipv6 = false, .address = {}, .ifindex = 7, .answer = true};
    const std::uint32_t word = i * 0x01000193U;
    std::memcpy(address.address.data(), &word, sizeof word);
    if (EBB_ADDRESS_SET(word) == 5) out.push_back(address);
  }
  return out;
}

class OwnTablesTest : public testing::Test {
 protected:
  Lab lab;
  Maps maps = std::move(*Maps::open(pin_folder()));
  OwnTables own{maps};
  const std::vector<OwnAddress> all = one_set();

  unsigned used() const {
    unsigned count = 0;
    for (const auto& way : maps.live().ipv4[5]) count += way.word[0] != 0;
    return count;
  }
};

TEST_F(OwnTablesTest, WhatDoesNotFitIsLeftOutAndComesWhenThereIsRoom) {
  EXPECT_EQ(own.update(all, {}).value(), false);
  EXPECT_EQ(used(), EBB_WAYS);
  EXPECT_EQ(own.update({all[4], all[5]}, {}).value(),
            true);  // in slots that were just freed: not before a wait
  EXPECT_EQ(used(), 0U);
  EXPECT_EQ(own.update({all[4], all[5]}, {}).value(), false);
  EXPECT_EQ(used(), 2U);
}

TEST_F(OwnTablesTest, TheSameAddressComesBackWithoutAWait) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(own.update({all[0], all[1], all[2], all[3]}, {}).value(), false);
    EXPECT_EQ(used(), EBB_WAYS);
    EXPECT_EQ(own.update({}, {}).value(), false);
    EXPECT_EQ(used(), 0U);
  }
}

TEST_F(OwnTablesTest, TheAnswerFollowsInPlace) {
  auto one = all[0];
  EXPECT_EQ(own.update({one}, {}).value(), false);
  one.answer = false;
  EXPECT_EQ(own.update({one}, {}).value(), false);
  EXPECT_EQ(used(), 1U);
  for (const auto& way : maps.live().ipv4[5]) EXPECT_EQ(way.answer, 0U);
}

// The gateway of four networks, .1 on each; a fifth is left out, and comes when there is room.
TEST_F(OwnTablesTest, OneLastByteOnFourNetworks) {
  std::vector<OwnAddress> gateway;
  for (unsigned char net = 0; net < 5; ++net)
    gateway.push_back({.ipv6 = false, .address = {192, 168, net, 1}, .ifindex = net + 1, .answer = true});
  const auto ours = [&](const OwnAddress& one) {
    std::uint32_t word = 0;
    std::memcpy(&word, one.address.data(), sizeof word);
    const auto& set = maps.live().us_ipv4[1];
    return std::count(std::begin(set), std::end(set), word);
  };
  EXPECT_TRUE(own.update(gateway, {}));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(ours(gateway[i]), 1) << i;
  EXPECT_EQ(ours(gateway[4]), 0);
  gateway.erase(gateway.begin());
  EXPECT_TRUE(own.update(gateway, {}));
  for (const auto& one : gateway) EXPECT_EQ(ours(one), 1);
}

TEST_F(OwnTablesTest, ThreeMacsOfOneLastByte) {
  EXPECT_TRUE(
      own.update({}, {{2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 1, 9}, {2, 0, 0, 0, 2, 9}, {2, 0, 0, 0, 0, 9}}));
  EXPECT_EQ(maps.live().us_mac[9][0], mac_word({2, 0, 0, 0, 0, 9}));
  EXPECT_EQ(maps.live().us_mac[9][1], mac_word({2, 0, 0, 0, 1, 9}));
}

}  // namespace
}  // namespace ebb::test
