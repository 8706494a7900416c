// SPDX-License-Identifier: GPL-2.0-or-later
// The cache of what sockets want (bpf/sockets.h), in one set of eight flows. Whether an answer is kept shows
// when the socket has gone: the kept one still says that it is there.
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "compare.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t port = 20777;

class SocketCache : public testing::TestWithParam<bool> {  // IPv6?
 protected:
  void SetUp() override {
    auto loaded = Both::load();
    ASSERT_TRUE(loaded) << loaded.error().what;
    both_.emplace(std::move(*loaded));
    Config config;
    Rule unwanted;
    unwanted.no_listener = true;
    config.classes = {treated("unwanted", {unwanted}, {.drop = true})};
    Situation now;
    now.iface = EBB_IF_TERMINAL | EBB_IF_SOCKETS;
    both_->set(std::move(config), {3}, std::move(now));
    for (PacketObject& object : both_->objects()) {
      object.live().cache_shift = 63;  // no answer ends by its time
      object.live().epoch = 1;
      object.live().storm[0].unknown = 0;
    }
  }
  void open() {
    LocalSocket socket;
    socket.port = port;
    socket_ = open_sockets({socket});
  }
  void close() { socket_.clear(); }
  // Does a datagram of this flow pass?
  bool passes(const PacketObject& object, unsigned flow) const {
    const Packet base = GetParam() ? Packet().ipv6("2001:db8::9", "2001:db8:7::7")
                                   : Packet().ipv4("192.0.2.1", "198.51.100.7");
    const auto from = static_cast<std::uint16_t>(40000 + flow);
    return object.run(Packet(base).udp(from, port).payload(20).bytes()).action == Action::pass;
  }
  unsigned passing(const PacketObject& object, unsigned flows) const {
    unsigned n = 0;
    for (unsigned flow = 0; flow < flows; ++flow) n += passes(object, flow);
    return n;
  }
  std::vector<PacketObject>& objects() { return both_->objects(); }

 private:
  std::optional<Both> both_;
  std::vector<Fd> socket_;
};

TEST_P(SocketCache, KeepsBothAnswersUntilTheEpoch) {
  for (PacketObject& object : objects()) {
    EXPECT_FALSE(passes(object, 0));
    open();
    EXPECT_FALSE(passes(object, 0)) << "kept";
    EXPECT_TRUE(passes(object, 1));
    close();
    EXPECT_TRUE(passes(object, 1)) << "kept";
    EXPECT_FALSE(passes(object, 0));
    ++object.live().epoch;
    EXPECT_FALSE(passes(object, 1));
  }
}

TEST_P(SocketCache, AFullSetStaysRight) {
  for (PacketObject& object : objects()) {
    open();
    EXPECT_EQ(passing(object, 8), 8u);
    close();
    EXPECT_EQ(passing(object, 8), 8u) << "eight are kept";
    ++object.live().epoch;
    open();
    for (int n = 0; n < 3; ++n) EXPECT_EQ(passing(object, 30), 30u);
    close();
    EXPECT_LE(passing(object, 30), 8u);
    ++object.live().epoch;
  }
}

TEST_P(SocketCache, AStormLeavesAFullSetAloneAndRoomEndsIt) {
  for (PacketObject& object : objects()) {
    const auto& unknown = object.live().storm[0].unknown;
    EXPECT_EQ(passing(object, 8), 0u);
    EXPECT_EQ(unknown, 0u) << "there is room";
    EXPECT_EQ(passing(object, 72), 0u);
    EXPECT_EQ(unknown, 64u);
    ++object.live().epoch;
    unsigned packets = 0;  // one of 32 asks the cache, and finds room
    for (; unknown && packets < 200; ++packets) passes(object, 100);
    EXPECT_GT(packets, 1u);
    EXPECT_LE(packets, 32u);
    ++object.live().epoch;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, SocketCache, testing::Bool());

}  // namespace
}  // namespace ebb::test
