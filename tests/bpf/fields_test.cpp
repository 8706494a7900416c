// SPDX-License-Identifier: GPL-2.0-or-later
// Every value of every field that rules can name, through the kernel on both objects, against the reference;
// and random policies with random frames. Seeds are fixed: a failure repeats.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "compare.hpp"
#include "figures.hpp"

namespace ebb::test {
namespace {

constexpr unsigned worth_showing = 20;  // mismatches

class Fields : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    auto both = Both::load();
    ASSERT_TRUE(both) << both.error().what;
    both_.emplace(std::move(*both));
  }

  // A new policy in both objects, in a random state.
  void renew() { both_->renew(biased_); }

  void compare(const Bytes& frame, const std::string& what) {
    const std::string difference = both_->compare(frame);
    figures.runs += 2;
    if (difference.empty()) return;
    if (++figures.mismatches <= worth_showing)
      ADD_FAILURE() << what << " " << difference;
    else
      FAIL();
  }

  using Named = std::function<bool(const Rule&)>;
  // A frame for a rule that names the field, if there is one: then its other conditions do not hide the
  // field.
  Biased::Sample base(const Named& named, bool ipv6) {
    for (int tries = 0; tries < 1000; ++tries)
      if (const Rule& rule = biased_.any_rule(both_->config()); named(rule) && rule.ethertype.empty()) {
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

  // `at`: offset behind the begin of the L3 or of the L4 header.
  void every8(const std::string& name, const Named& named, bool ipv6, std::size_t at, bool l4 = false) {
    const Biased::Sample sample = base(named, ipv6);
    const std::size_t offset = (l4 ? sample.l4 : sample.l3) + at;
    if (offset >= sample.frame.size()) return;
    Bytes frame = sample.frame;
    for (unsigned value = 0; value < 256; ++value) {
      frame[offset] = static_cast<std::uint8_t>(value);
      compare(frame, name + " " + std::to_string(value));
      ++figures.values;
    }
  }

  Biased biased_{GetParam()};
  std::optional<Both> both_;
  Biased::Sample sample_;
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

TEST_P(Fields, EveryTrafficClass) {
  const Named named = [](const Rule& r) { return !r.dscp.empty(); };
  for (int policies = 0; policies < 4; ++policies) {
    renew();
    every8("type of service", named, false, 1);
    for (unsigned frames = 0; frames < 2; ++frames) {
      Biased::Sample sample = base(named, true);
      for (unsigned value = 0; value < 256; ++value, ++figures.values) {
        put16(sample.frame, sample.l3, static_cast<std::uint16_t>(0x6000 | value << 4 | biased_.below(16)));
        compare(sample.frame, "traffic class " + std::to_string(value));
      }
    }
  }
}

TEST_P(Fields, EveryTcpFlagsByte) {
  for (int policies = 0; policies < 4; ++policies) {
    renew();
    for (const bool ipv6 : {false, true})
      every8("tcp flags", [](const Rule& r) { return !r.tcp_flags.empty(); }, ipv6, 13, true);
  }
}

TEST_P(Fields, EveryVlanId) {
  const auto tagged = [](Bytes frame, unsigned tci, unsigned type) {
    for (const unsigned half : {tci, type}) {
      const Bytes bytes = {static_cast<std::uint8_t>(half >> 8), static_cast<std::uint8_t>(half)};
      frame.insert(frame.begin() + 12, bytes.begin(), bytes.end());
    }
    return frame;
  };
  renew();
  for (unsigned id = 0; id < 4096; ++id, ++figures.values) {
    if (id % 512 == 0) {
      sample_ = base([](const Rule& r) { return !r.vlan.empty(); }, biased_.chance(50));
      while (get16(sample_.frame, 12) == 0x8100)
        sample_.frame.erase(sample_.frame.begin() + 12, sample_.frame.begin() + 16);
    }
    const unsigned tci = id | biased_.below(16) << 12;
    const Bytes one = tagged(sample_.frame, tci, 0x8100);
    const std::string name = "vlan " + std::to_string(id);
    compare(one, name);
    compare(tagged(one, 4095 - id, 0x88a8), name + " inside another");
    compare(tagged(one, biased_.below(8) << 13, 0x8100), name + " inside a priority tag");
    compare(tagged(Packet().arp().payload(18).bytes(), tci, 0x88a8), name + " of arp");
  }
}

TEST_P(Fields, EveryOwner) {
  Config config;
  Situation now;
  now.iface |= EBB_IF_SOCKETS;
  const auto path = [](unsigned n) { return "/system.slice/s" + std::to_string(n) + ".service"; };
  for (unsigned n = 0; n < 60; ++n) {
    TrafficClass c;
    c.name = "c" + std::to_string(n);
    if (n % 7 == 0)
      c.match.emplace_back().owner.push_back({true, path(n)});
    else
      c.match.emplace_back().owner.push_back({false, path(n).substr(14)});
    c.treat[0].drop = n % 2;
    config.classes.push_back(std::move(c));
  }
  for (unsigned n = 0; n < EBB_OWNERS - 1; ++n) now.owners[{n % 2 == 0, 10000 + n}] = path(n);
  for (const unsigned doubt : {0u, 1u, 2u}) {
    now.owners_known = doubt != 1;
    now.iface = doubt == 2 ? EBB_IF_TERMINAL : EBB_IF_TERMINAL | EBB_IF_SOCKETS;
    both_->set(config, biased_.slots(config), now);
    for (std::uint16_t port = 9990; port < 10270; ++port, ++figures.values)
      for (const bool ipv6 : {false, true})
        for (const bool tcp : {false, true}) {
          Packet packet = ipv6 ? Packet().ipv6() : Packet().ipv4();
          tcp ? packet.tcp(1, port) : packet.udp(1, port);
          compare(packet.bytes(), "owner of port " + std::to_string(port));
        }
  }
}

// Each kind of destination, whatever the addresses and the frame say.
TEST_P(Fields, EveryDestination) {
  Config config;
  for (const Destination to : {Destination::us, Destination::forwarded}) {
    TrafficClass c;
    c.name = word(to);
    c.match.emplace_back().to = {to};
    c.treat.fill({.drop = to == Destination::us});
    config.classes.push_back(std::move(c));
  }
  both_->set(config, biased_.slots(config), biased_.situation());
  for (const Mac& mac : {mac_us, mac_us_too, mac_peer, mac_multicast, mac_broadcast, Mac{2, 0, 0, 0, 2, 1}})
    for (unsigned last = 0; last < 256; ++last, ++figures.values) {
      const std::string text = std::to_string(last);
      compare(Packet().to(mac).ipv4("192.0.2.1", "198.51.100." + text).udp(1, 1).payload(20).bytes(),
              "to " + text);
      compare(Packet().to(mac).ipv4("192.0.2.1", "192.0.2." + text).tcp(1, 1).fragment(9, true).bytes(),
              "to " + text);
      compare(Packet().to(mac).ipv6("2001:db8::9", "fe80::" + text).icmp(128).bytes(), "to " + text);
      compare(Packet().to(mac).vlan(5).ipv6("2001:db8::9", "2001:db8:7::" + text).udp(1, 2).bytes(),
              "to " + text);
    }
}

// Each kind of socket, for every port near it, on interfaces where sockets can be known and where they
// cannot.
TEST_P(Fields, EveryListener) {
  Config config;
  Rule unwanted;
  unwanted.no_listener = true;
  config.classes = {treated("unwanted", {unwanted}, {.drop = true})};
  Situation now = biased_.situation();
  now.enforcement = Enforcement::enforce;
  for (const auto flags : {EBB_IF_TERMINAL | EBB_IF_SOCKETS, EBB_IF_TERMINAL}) {
    now.iface = static_cast<std::uint32_t>(flags);
    both_->set(config, biased_.slots(config), now);
    for (const LocalSocket& socket : now.sockets)
      for (unsigned port = socket.port - 2u; port < socket.port + 3u; ++port, ++figures.values)
        for (const char* to : {"198.51.100.7", "198.51.100.8", "224.0.0.251", "255.255.255.255",
                               "2001:db8:7::7", "2001:db8:7::8", "ff02::fb"}) {
          const bool ipv6 = std::string(to).find(':') != std::string::npos;
          const Packet base = ipv6 ? Packet().ipv6("2001:db8::9", to) : Packet().ipv4("192.0.2.1", to);
          const auto at = static_cast<std::uint16_t>(port);
          for (const Packet& p :
               {Packet(base).udp(40000, at), Packet(base).tcp(40000, at), Packet(base).tcp(40000, at, syn),
                Packet(base).udp(40000, at).fragment(0, true), Packet(base).icmp(8).payload(20),
                Packet(base).udp(40000, at).vlan(3)})
            compare(p.bytes(), std::string(to) + " port " + std::to_string(port));
        }
  }
}

TEST_P(Fields, RandomFramesAndPolicies) {
  for (unsigned n = 0; n < 10000; ++n) {
    if (n % 50 == 0) renew();
    compare(biased_.frame(both_->config()), "random frame " + std::to_string(n));
    ++figures.random;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Fields, testing::Values(1u, 2u));

}  // namespace
}  // namespace ebb::test
