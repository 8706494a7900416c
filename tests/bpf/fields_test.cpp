// SPDX-License-Identifier: GPL-2.0-or-later
// Every value of every field that rules can name, through the kernel on both objects, against the reference;
// and random policies with random frames. Seeds are fixed: a failure repeats.
#include <gtest/gtest.h>

#include <functional>

#include "figures.hpp"
#include "support/biased.hpp"
#include "support/testrun.hpp"

namespace ebb::test {
namespace {

constexpr unsigned loopback = 1;
constexpr unsigned worth_showing = 20;  // mismatches

class Fields : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    for (const bool xdp : {true, false}) {
      auto object = PacketObject::load(xdp ? EBB_XDP_OBJECT : EBB_TC_OBJECT, xdp);
      ASSERT_TRUE(object) << object.error().what;
      objects_.push_back(std::move(*object));
    }
  }

  // A new policy in both objects, in a random state.
  void renew() {
    config_ = biased_.policy();
    slots_ = biased_.slots(config_);
    now_ = {};
    now_.state = static_cast<PowerState>(biased_.below(4));
    now_.enforcement = biased_.chance(75) ? Enforcement::enforce : Enforcement::observe;
    now_.iface = biased_.chance(75) ? EBB_IF_TERMINAL | EBB_IF_STEER : biased_.below(4);
    for (CpuMask& mask : now_.masks)
      if (biased_.chance(80)) mask.set(biased_.chance(70) ? 1 : 0);
    for (PacketObject& object : objects_) {
      object.install(config_, slots_, now_.masks);
      object.apply(now_, loopback);
    }
  }

  void compare(const Bytes& frame, const std::string& what) {
    for (PacketObject& object : objects_) {
      now_.xdp = object.xdp();
      const std::string difference = object.check(frame, judge(config_, slots_, now_, frame));
      ++figures.runs;
      if (difference.empty()) continue;
      if (++figures.mismatches <= worth_showing)
        ADD_FAILURE() << what << (object.xdp() ? " on XDP: " : " on TC: ") << difference;
      else
        FAIL();
    }
  }

  using Named = std::function<bool(const Rule&)>;
  // A frame for a rule that names the field, if there is one: then its other conditions do not hide the
  // field.
  Biased::Sample base(const Named& named, bool ipv6) {
    for (int tries = 0; tries < 1000; ++tries)
      if (const Rule& rule = biased_.any_rule(config_); named(rule) && rule.ethertype.empty()) {
        Biased::Sample sample = biased_.frame_for(rule, ipv6);
        if (sample.ipv6 == ipv6) return sample;
      }
    return biased_.frame_for({}, ipv6);
  }

  void every16(const std::string& name, const Named& named,
               const std::function<std::size_t(const Biased::Sample&)>& at) {
    renew();
    for (unsigned value = 0; value < 65536; ++value) {
      if (value % 16384 == 0) sample_ = base(named, biased_.chance(50));
      put16(sample_.frame, at(sample_), static_cast<std::uint16_t>(value));
      compare(sample_.frame, name + " " + std::to_string(value));
      ++figures.values;
    }
  }

  void every8(const std::string& name, const Named& named, bool ipv6, std::size_t at) {
    const Biased::Sample sample = base(named, ipv6);
    Bytes frame = sample.frame;
    for (unsigned value = 0; value < 256; ++value) {
      frame[sample.l3 + at] = static_cast<std::uint8_t>(value);
      compare(frame, name + " " + std::to_string(value));
      ++figures.values;
    }
  }

  Biased biased_{GetParam()};
  Config config_;
  std::vector<std::uint8_t> slots_;
  Situation now_;
  Biased::Sample sample_;
  std::vector<PacketObject> objects_;
};

// A sample whose L4 header has ports.
std::size_t port_at(const Biased::Sample& s, std::size_t offset) {
  return s.l4 + 4 <= s.frame.size() ? s.l4 + offset : s.frame.size() - 2;
}

TEST_P(Fields, EveryDestinationPort) {
  every16(
      "dport", [](const Rule& r) { return !r.dport.empty(); }, [](const auto& s) { return port_at(s, 2); });
}

TEST_P(Fields, EverySourcePort) {
  every16(
      "sport", [](const Rule& r) { return !r.sport.empty(); }, [](const auto& s) { return port_at(s, 0); });
}

TEST_P(Fields, EveryEthertype) {
  every16("ethertype", [](const Rule&) { return true; }, [](const auto&) { return std::size_t{12}; });
}

TEST_P(Fields, EveryProtocol) {
  for (int policies = 0; policies < 4; ++policies) {
    renew();
    for (const bool ipv6 : {false, true})
      every8("proto", [](const Rule& r) { return !r.proto.empty(); }, ipv6, ipv6 ? 6 : 9);
  }
}

TEST_P(Fields, EveryAddressByte) {
  for (int policies = 0; policies < 2; ++policies) {
    renew();
    for (const bool ipv6 : {false, true}) {
      const std::size_t size = ipv6 ? 16 : 4, source = ipv6 ? 8 : 12;
      for (std::size_t byte = 0; byte < size; ++byte) {
        every8(
            "src byte " + std::to_string(byte), [](const Rule& r) { return !r.src.empty(); }, ipv6,
            source + byte);
        every8(
            "dst byte " + std::to_string(byte), [](const Rule& r) { return !r.dst.empty(); }, ipv6,
            source + size + byte);
      }
    }
  }
}

TEST_P(Fields, EveryLengthOfAnEthernetFrame) {
  for (int policies = 0; policies < 4; ++policies) {
    renew();
    for (const bool ipv6 : {false, true}) {
      Biased::Sample sample = base([](const Rule& r) { return !r.length.empty(); }, ipv6);
      const std::size_t transport = sample.l4 - sample.l3;
      for (std::size_t length = transport; length <= 1500; ++length) {
        sample.frame.resize(sample.l3 + length, 0x11);
        put16(sample.frame, sample.l3 + (ipv6 ? 4 : 2), static_cast<std::uint16_t>(length - (ipv6 ? 40 : 0)));
        if (sample.frame[sample.l3 + (ipv6 ? 6 : 9)] == 17 && length >= transport + 8)
          put16(sample.frame, sample.l4 + 4, static_cast<std::uint16_t>(length - transport));
        compare(sample.frame, "length " + std::to_string(length));
        ++figures.values;
      }
    }
  }
}

TEST_P(Fields, RandomFramesAndPolicies) {
  for (unsigned n = 0; n < 10000; ++n) {
    if (n % 50 == 0) renew();
    compare(biased_.frame(config_), "random frame " + std::to_string(n));
    ++figures.random;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Fields, testing::Values(1u, 2u));

}  // namespace
}  // namespace ebb::test
