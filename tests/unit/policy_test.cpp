// SPDX-License-Identifier: GPL-2.0-or-later
// The compiled bank, looked up as bpf/abi.h says, against a plain first match over the rules.
#include "dataplane/policy.hpp"

#include <arpa/inet.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "support/biased.hpp"
#include "support/reference.hpp"

namespace ebb::test {
namespace {

template <std::size_t Values>
std::uint64_t rules(const __u8 (&class_of)[Values], const __u64 (&rules_of)[256], std::uint16_t value) {
  return rules_of[class_of[value]];
}

// What the programs look up: the rarer fields only while a rule stands that names one of them. A service is
// not looked up here: its set is the bank's for ports whose owner is not known.
std::uint64_t rule_set(const ebb_bank& bank, const Fields& f) {
  std::uint64_t set = bank.delivery[std::size_t(f.delivery)] & rules(bank.vlan_class, bank.vlan, f.vlan);
  if (f.vlan == 0) set &= bank.untagged[std::size_t(f.delivery)];  // with a tag for priority, and without any
  if (!f.ip) return set & bank.any_ip & rules(bank.ethertype_class, bank.ethertype, f.ethertype);

  set &= (f.ipv6 ? bank.proto_ipv6 : bank.proto_ipv4)[f.proto];
  set &= f.ports ? rules(bank.dport_class, bank.dport, htons(f.dport)) : bank.any_ports;
  set &= bank.dscp[f.dscp << 2];
  if (f.tcp) set &= bank.tcp_flags[f.tcp_flags];
  if (set & bank.late) {
    set &= rules(bank.length_class, bank.length, htons(f.length));
    for (std::size_t i = 0; f.ipv6 && i < 16; ++i)
      set &= bank.ipv6_src[i][f.src[i]] & bank.ipv6_dst[i][f.dst[i]];
    for (std::size_t i = 0; !f.ipv6 && i < 4; ++i)
      set &= bank.ipv4_src[i][f.src[i]] & bank.ipv4_dst[i][f.dst[i]];
  }
  if (set & bank.sported) set &= rules(bank.sport_class, bank.sport, htons(f.sport));
  if (set & bank.aimed) set &= bank.to[f.to ? std::size_t(*f.to) : std::size_t{EBB_TO_ALL}];
  if (set & bank.owned) set &= bank.owner[0];
  if (set & -set & bank.no_listener && f.listener != false) set &= ~bank.no_listener;
  return set;
}

// Counter row of the class that the bank gives, or EBB_CLASSES.
unsigned look_up(const ebb_bank& bank, const Fields& f) {
  const std::uint64_t set = rule_set(bank, f);
  return set ? bank.treat[0][std::countr_zero(set)].class_slot : EBB_CLASSES;
}

class Policy : public testing::Test {
 protected:
  void compile(const Config& config) {
    config_ = config;
    slots_ = biased_.slots(config_);
    const Status done = compile_policy(config_, slots_, {}, {}, *bank_);
    ASSERT_TRUE(done) << done.error().what;
  }
  unsigned wanted(const Fields& f) const {
    const unsigned index = first_match(config_, f);
    return index < EBB_CLASSES ? slots_[index] : index;
  }
  // Compares all values of a 16-bit field, the others as in frames made for the rules.
  void every_value(std::uint16_t Fields::* field) {
    unsigned hits = 0;
    for (int policies = 0; policies < 8; ++policies) {
      compile(biased_.policy());
      for (int frames = 0; frames < 8; ++frames) {
        const auto base = read_fields(biased_.frame_for(biased_.any_rule(config_), frames % 2).frame);
        if (!base) continue;
        for (unsigned value = 0; value < 65536; ++value) {
          Fields f = *base;
          f.*field = static_cast<std::uint16_t>(value);
          if (f.ethertype != base->ethertype) {  // then it is no IP packet
            f = {};
            f.ethertype = static_cast<std::uint16_t>(value);
            f.vlan = base->vlan;
            f.delivery = base->delivery;
          }
          const unsigned slot = wanted(f);
          hits += slot != EBB_CLASSES;
          ASSERT_EQ(look_up(*bank_, f), slot)
              << "value " << value << ", policy " << policies << ", frame " << frames;
        }
      }
    }
    EXPECT_GT(hits, 65536u);
  }

  // Calls `change(fields, same)` with those of frames that are near the rules of many policies; same(fields):
  // the bank gives the class that the rules give.
  template <typename Change>
  void each_frame(Change change) {
    for (int policies = 0; policies < 60; ++policies) {
      compile(biased_.policy());
      for (int frames = 0; frames < 10; ++frames) {
        const auto base = read_fields(biased_.frame_for(biased_.any_rule(config_), frames % 2).frame);
        if (!base) continue;
        change(*base, [&](const Fields& f) {
          ASSERT_EQ(look_up(*bank_, f), wanted(f)) << "policy " << policies << ", frame " << frames;
        });
      }
    }
  }

  Biased biased_{7};
  Config config_;
  std::vector<std::uint8_t> slots_;
  std::unique_ptr<ebb_bank> bank_ = std::make_unique<ebb_bank>();
};

TEST_F(Policy, EveryDestinationPort) { every_value(&Fields::dport); }
TEST_F(Policy, EverySourcePort) { every_value(&Fields::sport); }
TEST_F(Policy, EveryLength) { every_value(&Fields::length); }
TEST_F(Policy, EveryEthertype) { every_value(&Fields::ethertype); }

TEST_F(Policy, EveryProtocolDeliveryAndAddressByte) {
  each_frame([&](const Fields& base, const auto& same) {
    Fields f = base;
    for (unsigned value = 0; value < 256; ++value) {
      f.proto = static_cast<std::uint8_t>(value);
      f.tcp = f.ports && value == IPPROTO_TCP;
      same(f);
    }
    f = base;
    for (unsigned value = 0; value < 3; ++value) f.delivery = static_cast<Delivery>(value), same(f);
    for (std::size_t byte = 0; byte < (base.ipv6 ? 16 : 4); ++byte)
      for (unsigned value = 0; value < 256; ++value) {
        f = base;
        f.src[byte] = static_cast<std::uint8_t>(value);
        same(f);
        f = base;
        f.dst[byte] = static_cast<std::uint8_t>(value);
        same(f);
      }
  });
}

TEST_F(Policy, EveryDscpVlanAndTcpFlags) {
  each_frame([&](const Fields& base, const auto& same) {
    Fields f = base;
    for (unsigned value = 0; value < 64; ++value) f.dscp = static_cast<std::uint8_t>(value), same(f);
    f = base;
    for (unsigned value = 0; value < 256; ++value) f.tcp_flags = static_cast<std::uint8_t>(value), same(f);
    f = base;
    for (unsigned value = 0; value < 4096; ++value) f.vlan = static_cast<std::uint16_t>(value), same(f);
  });
}

TEST_F(Policy, EveryDestinationAndListener) {
  unsigned hits = 0;
  for (int policies = 0; policies < 300; ++policies) {
    compile(biased_.policy());
    for (int frames = 0; frames < 20; ++frames) {
      auto f =
          read_fields(biased_.frame_for(biased_.any_rule(config_), frames % 2).frame, biased_.situation());
      if (!f) continue;
      f->owner.clear();
      for (const auto to : {std::optional<Destination>{}, std::optional{Destination::us},
                            std::optional{Destination::forwarded}})
        for (const auto listener : {std::optional<bool>{}, std::optional{false}, std::optional{true}}) {
          if (f->ip) f->to = to;
          if (f->ports) f->listener = listener;
          ASSERT_EQ(look_up(*bank_, *f), wanted(*f)) << "policy " << policies << ", frame " << frames;
          hits += wanted(*f) != EBB_CLASSES;
        }
    }
  }
  EXPECT_GT(hits, 5000u);
}

// The services come later (dataplane/identity.hpp); here every owner is unknown.
TEST_F(Policy, RulesThatNameAServiceHoldForNoOwner) {
  for (int policies = 0; policies < 50; ++policies) {
    compile(biased_.policy());
    const auto bits = rule_bits(config_);
    ASSERT_LE(bits.size(), std::size_t{EBB_RULES});
    for (const std::uint64_t set : bank_->owner)
      for (std::size_t bit = 0; bit < bits.size(); ++bit) {
        const Rule& rule = config_.classes[bits[bit].class_index].match[bits[bit].rule_index];
        ASSERT_EQ((set >> bit & 1) != 0, rule.owner.empty()) << bit;
        ASSERT_EQ(bank_->treat[0][bit].class_slot, slots_[bits[bit].class_index]) << bit;
      }
  }
}

TEST_F(Policy, ProtectedPorts) {
  const auto reason = [](unsigned port, const std::vector<std::uint16_t>& management,
                         const PolicyFacts& facts) {
    const auto in = [port](const std::vector<std::uint16_t>& list) {
      return std::count(list.begin(), list.end(), port) != 0;
    };
    if (in(management) || in(facts.ssh_ports)) return unsigned{EBB_R_MANAGEMENT};
    if (in({67, 68, 546, 547})) return unsigned{EBB_R_DHCP};
    if (in({500, 4500, 51820})) return unsigned{EBB_R_TUNNEL};
    if (in({319, 320})) return unsigned{EBB_R_CLOCK};
    return port == 5353 && facts.mdns_listener ? unsigned{EBB_R_NAMES} : 0u;
  };
  for (const auto& ports : {std::vector<std::uint16_t>{}, {22}, {0, 22, 65535}, {8124, 8125, 9000, 500}})
    for (const auto& facts : {PolicyFacts{}, PolicyFacts{.mdns_listener = true, .ssh_ports = {2222, 68}}}) {
      Config config = biased_.policy();
      config.management_ports = ports;
      const auto slots = biased_.slots(config);
      ASSERT_TRUE(compile_policy(config, slots, {}, facts, *bank_));
      for (unsigned port = 0; port < 65536; ++port)
        ASSERT_EQ(bank_->shield[bank_->dport_class[htons(static_cast<std::uint16_t>(port))]],
                  reason(port, ports, facts))
            << port;
    }
}

TEST_F(Policy, TreatmentsOfEachState) {
  unsigned seen = 0;
  for (int policies = 0; policies < 50; ++policies) {
    compile(biased_.policy());
    for (int frames = 0; frames < 100; ++frames) {
      const auto f = read_fields(biased_.frame(config_));
      const std::uint64_t set = f ? rule_set(*bank_, *f) : 0;
      if (!set) continue;
      const unsigned index = first_match(config_, *f);
      if (index == EBB_CLASSES) continue;
      const TrafficClass& c = config_.classes[index];
      for (std::size_t state = 0; state < 4; ++state, ++seen) {
        const ebb_treatment& t = bank_->treat[state][std::countr_zero(set)];
        const Treatment& treat = c.treat[state];
        ASSERT_EQ((t.flags & EBB_T_DROP) != 0, treat.drop);
        ASSERT_EQ((t.flags & EBB_T_STEER) != 0, treat.steer);
        ASSERT_EQ((t.flags & EBB_T_TRIM_PADDING) != 0, treat.trim_padding);
        ASSERT_EQ((t.flags & EBB_T_TRIM) != 0, treat.trim.has_value());
        ASSERT_EQ(t.trim_to, treat.trim.value_or(t.trim_to));
        ASSERT_EQ((t.flags & EBB_T_ANSWER) != 0, treat.answer);
        ASSERT_EQ((t.flags & EBB_T_LIMIT) != 0, treat.limit.has_value());
        ASSERT_EQ(t.rate, treat.limit.value_or(0));
      }
    }
  }
  EXPECT_GT(seen, 1000u);
}

Config one_class_each(unsigned classes, unsigned rules_each) {
  Config config;
  for (unsigned c = 0; c < classes; ++c) {
    TrafficClass made;
    made.name = "c" + std::to_string(c);
    for (unsigned r = 0; r < rules_each; ++r) {
      const auto port = static_cast<std::uint16_t>(1000 + c * 10 + r);
      made.match.emplace_back().dport = {{port, port}};
    }
    config.classes.push_back(std::move(made));
  }
  return config;
}

TEST_F(Policy, SixtyFourRulesFitAndOneMoreIsRefused) {
  compile(one_class_each(64, 1));
  Fields f = *read_fields(Packet().ipv4().udp(1, 1000 + 63 * 10).bytes());
  EXPECT_EQ(look_up(*bank_, f), slots_[63]);
  compile(one_class_each(1, 64));
  const auto refused = [&](const Config& config) {
    const std::vector<std::uint8_t> slots(config.classes.size());
    const Status done = compile_policy(config, slots, {}, {}, *bank_);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().exit_code, exit_usage);
    EXPECT_FALSE(done.error().hint.empty());
  };
  refused(one_class_each(65, 1));
  refused(one_class_each(1, 65));
  Config prefixes = one_class_each(1, 1);  // 9 x 8 pairs of prefixes
  for (unsigned n = 0; n < 9; ++n) {
    const Prefix p{false, {10, static_cast<std::uint8_t>(n)}, 16};
    prefixes.classes[0].match[0].src.push_back(p);
    if (n < 8) prefixes.classes[0].match[0].dst.push_back(p);
  }
  refused(prefixes);
}

TEST_F(Policy, SteeringUsesTheMaskEvenly) {
  std::array<CpuMask, 4> masks{};
  for (const unsigned cpu : {1u, 5u, 64u, 1023u}) masks[2].set(cpu);
  masks[3].set(0);
  Config config = one_class_each(1, 1);
  ASSERT_TRUE(compile_policy(config, {0}, masks, {}, *bank_));
  for (std::size_t state = 0; state < 4; ++state) {
    const ebb_steer& steer = bank_->steer[state];
    EXPECT_EQ(steer.count, masks[state].count());
    std::array<unsigned, EBB_CPUS> uses{};
    for (std::size_t slot = 0; steer.count && slot < EBB_STEER_SLOTS; ++slot) {
      ASSERT_TRUE(masks[state].test(steer.cpu[slot]));
      ++uses[steer.cpu[slot]];
    }
    for (unsigned cpu = 0; cpu < EBB_CPUS; ++cpu) {
      EXPECT_EQ((steer.mask[cpu / 64] >> cpu % 64 & 1) != 0, masks[state].test(cpu)) << cpu;
      EXPECT_EQ(uses[cpu], masks[state].test(cpu) ? EBB_STEER_SLOTS / masks[state].count() : 0u) << cpu;
    }
  }
}

TEST_F(Policy, ClassesKeepTheirSlots) {
  Config config = one_class_each(3, 1);
  const auto first = assign_slots(config, *bank_);
  ASSERT_TRUE(compile_policy(config, first, {}, {}, *bank_));
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_STREQ(bank_->class_name[first[c]], config.classes[c].name.c_str());
  std::swap(config.classes[0], config.classes[2]);
  config.classes[1].name = "new";
  const auto second = assign_slots(config, *bank_);
  EXPECT_EQ(second[0], first[2]);
  EXPECT_EQ(second[2], first[0]);
  EXPECT_NE(second[1], first[0]);
  EXPECT_NE(second[1], first[2]);
}

}  // namespace
}  // namespace ebb::test
