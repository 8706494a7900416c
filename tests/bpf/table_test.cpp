// SPDX-License-Identifier: GPL-2.0-or-later
// Every row of the table through the XDP object, the TC object and the TC program on a live interface. The
// expectation is said twice, by the row and by the reference; both must agree.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <tuple>

#include "dataplane/policy.hpp"
#include "figures.hpp"
#include "table.hpp"
#include "wire.hpp"

namespace ebb::test {
namespace {

constexpr unsigned loopback = 1;        // the interface of TEST_RUN
constexpr unsigned worth_showing = 20;  // rows that fail on the wire

unsigned slot_of(const std::string& class_name) {
  const auto& classes = table_policy().classes;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (classes[i].name == class_name) return table_slots()[i];
  ADD_FAILURE_AT(__FILE__, __LINE__) << "no class " << class_name;
  return EBB_CLASSES;
}

Outcome expected(const Row& row, bool xdp) {
  Outcome out;
  out.verdict = row.verdict;
  out.frame = row.out;
  out.action = !xdp && row.action == Action::redirect ? Action::pass : row.action;
  if (row.reason >= 0) out.reason = static_cast<ebb_reason>(row.reason);
  if (!row.class_name.empty()) out.slot = row.class_name == "-" ? EBB_CLASSES : slot_of(row.class_name);
  return out;
}

// TEST_RUN on TC wants a whole IP header behind an Ethernet header of that type.
bool refused_by_test_run_on_tc(const Bytes& frame) {
  const unsigned type = get16(frame, 12);
  return (type == 0x0800 && frame.size() < 34) || (type == 0x86dd && frame.size() < 54);
}

// skb_vlan_untag() frees a tagged frame that has not 2 bytes behind its tag: TC never sees it.
bool dropped_before_tc(const Bytes& frame) {
  const unsigned type = get16(frame, 12);
  return (type == 0x8100 || type == 0x88a8) && frame.size() < 20;
}

class Table : public testing::Test {
 protected:
  static PacketObject load(const char* path, bool xdp) {
    auto object = PacketObject::load(path, xdp);
    if (!object) ADD_FAILURE() << object.error().what, std::exit(1);
    return std::move(*object);
  }
  // Compiling a policy takes milliseconds: most rows differ in nothing that is compiled in.
  void prepare(PacketObject& object, const Situation& now, unsigned ifindex) {
    const auto compiled_in = std::tuple(now.masks, now.owners, now.mdns_listener);
    if (installed_ != compiled_in) object.install(table_policy(), table_slots(), now);
    installed_ = compiled_in;
    object.apply(now, ifindex);
  }
  static void report(const std::string& where, const std::string& difference) {
    ++figures.runs;
    if (difference.empty()) return;
    ++figures.mismatches;
    ADD_FAILURE() << where << ": " << difference;
  }

 private:
  std::vector<Fd> sockets_ = open_sockets(usual().sockets);
  // In this test's object.
  std::optional<
      std::tuple<std::array<CpuMask, 4>, std::map<std::pair<bool, std::uint16_t>, std::string>, bool>>
      installed_;
};

TEST_F(Table, NamesAreUniqueAndPlenty) {
  std::set<std::string> names;
  for (const Row& row : table()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_GE(names.size(), 150u);
}

TEST_F(Table, ReferenceAgreesWithTheTable) {
  for (const Row& row : table())
    for (const bool xdp : {true, false}) {
      Situation now = row.now;
      now.xdp = xdp;
      const Outcome said = expected(row, xdp), judged = judge(table_policy(), table_slots(), now, row.frame);
      EXPECT_EQ(said, judged) << row.name << (xdp ? " on XDP" : " on TC") << "\n  table: " << describe(said)
                              << "\n  reference: " << describe(judged);
    }
}

TEST_F(Table, Xdp) {
  PacketObject xdp = load(EBB_XDP_OBJECT, true);
  for (const Row& row : table()) {
    prepare(xdp, row.now, loopback);
    report(row.name + " on XDP", xdp.check(row.frame, expected(row, true)));
    ++figures.rows;
  }
}

TEST_F(Table, Tc) {
  PacketObject tc = load(EBB_TC_OBJECT, false);
  for (const Row& row : table()) {
    prepare(tc, row.now, loopback);
    if (refused_by_test_run_on_tc(row.frame))
      EXPECT_EQ(tc.run(row.frame).error, EINVAL) << row.name;
    else
      report(row.name + " on TC", tc.check(row.frame, expected(row, false)));
  }
}

// Of a row that is dropped, what `why-dropped` shows.
TEST_F(Table, DropsAreRemembered) {
  unsigned drops = 0;
  for (const bool on_xdp : {true, false}) {
    PacketObject object = load(on_xdp ? EBB_XDP_OBJECT : EBB_TC_OBJECT, on_xdp);
    for (const Row& row : table()) {
      if (row.verdict != EBB_DROP && row.verdict != EBB_LIMIT) continue;
      const auto fields = read_fields(row.frame, row.now);
      prepare(object, row.now, loopback);
      if (!fields || object.check(row.frame, expected(row, on_xdp)) != "")
        continue;  // said by the tests above
      const ebb_drop drop = object.last_drop(0);
      ++drops;
      ASSERT_EQ(drop.verdict, row.verdict) << row.name;
      ASSERT_EQ(drop.class_slot, slot_of(row.class_name)) << row.name;
      ASSERT_EQ(drop.ifindex, loopback) << row.name;
      ASSERT_EQ(drop.length, row.frame.size()) << row.name;
      ASSERT_EQ(drop.ethertype, fields->ethertype) << row.name;
      ASSERT_EQ(drop.proto, fields->proto) << row.name;
      ASSERT_EQ(ntohs(drop.sport), fields->sport) << row.name;
      ASSERT_EQ(ntohs(drop.dport), fields->dport) << row.name;
      ASSERT_EQ(std::memcmp(drop.src, fields->src.data(), fields->ipv6 ? 16 : 4), 0) << row.name;
      ASSERT_EQ(std::memcmp(drop.dst, fields->dst.data(), fields->ipv6 ? 16 : 4), 0) << row.name;
      ASSERT_EQ(EBB_WORD_STATE(drop.word), static_cast<unsigned>(row.now.state)) << row.name;
      const auto bits = rule_bits(table_policy());
      ASSERT_LT(drop.rule, bits.size()) << row.name;
      ASSERT_EQ(table_policy().classes[bits[drop.rule].class_index].name, row.class_name) << row.name;
    }
  }
  EXPECT_GT(drops, 300u);
}

TEST_F(Table, TcOnTheWire) {
  auto wire = Wire::make(EBB_TC_OBJECT, EBB_CAPTURE_OBJECT);
  ASSERT_TRUE(wire) << wire.error().what;
  const auto before = figures.mismatches;
  const auto check = [&](const Row& row) {
    prepare(wire->tc(), row.now, wire->ifindex());
    const bool unseen = dropped_before_tc(row.frame);
    report(row.name + " on the wire",
           unseen ? wire->check_unseen(row.frame) : wire->check(row.frame, expected(row, false)));
  };
  for (const Row& row : table()) {
    check(row);
    if (figures.mismatches - before > worth_showing) FAIL() << "enough";  // each may have waited a second
  }

  // Frames over a page arrive with only their Ethernet header in the skb's linear part.
  const auto big = [](bool ipv6, std::uint16_t port, std::size_t payload) {
    return (ipv6 ? Packet().ipv6() : Packet().ipv4()).udp(1, port).payload(payload);
  };
  for (const bool ipv6 : {false, true}) {
    const std::string family = ipv6 ? "ipv6" : "ipv4";
    const std::size_t headers = ipv6 ? 62 : 42;
    check(drops("5000 bytes of " + family, big(ipv6, port_drop, 5000).bytes(), "drop"));
    check(passes("5000 bytes of " + family + " and a tag", big(ipv6, port_pass, 5000).vlan(3).bytes(), "pass",
                 EBB_R_TREATMENT));
    check(trims("padding behind 5000 bytes of " + family, big(ipv6, port_padding, 5000).pad(9).bytes(),
                big(ipv6, port_padding, 5000).bytes(), "padding"));
    for (const std::size_t payload : {std::size_t{5000}, std::size_t{9001}, 16384 - headers})
      check(trims("trim " + std::to_string(payload) + " bytes of " + family,
                  big(ipv6, port_trim, payload).bytes(), big(ipv6, port_trim, trim_to).bytes(), "trim"));
    for (const std::size_t payload : {16385 - headers, std::size_t{20000}})
      check(passes("trim no " + std::to_string(payload) + " bytes of " + family,
                   big(ipv6, port_trim, payload).bytes(), "trim", EBB_R_UNTRIMMABLE));
  }
}

// No driver, socket or TEST_RUN delivers a frame without a whole Ethernet header.
TEST_F(Table, FramesWithoutAnEthernetHeaderDoNotExist) {
  PacketObject xdp = load(EBB_XDP_OBJECT, true), tc = load(EBB_TC_OBJECT, false);
  const auto veth = VethPair::make("ebbtx", "ebbrx");
  ASSERT_TRUE(veth) << veth.error().what;
  for (std::size_t size = 1; size < 14; ++size) {
    EXPECT_EQ(xdp.run(Bytes(size)).error, EINVAL);
    EXPECT_EQ(tc.run(Bytes(size)).error, EINVAL);
    EXPECT_FALSE(veth->send(Bytes(size)));
  }
}

}  // namespace
}  // namespace ebb::test
