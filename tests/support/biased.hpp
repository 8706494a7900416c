// SPDX-License-Identifier: GPL-2.0-or-later
// Random policies and frames that meet: values come from small pools, and a frame is made for one of the
// rules, so that many classes are hit and near misses are common.
#pragma once

#include <random>

#include "config/config.hpp"
#include "support/packets.hpp"
#include "support/reference.hpp"

namespace ebb::test {

class Biased {
 public:
  explicit Biased(unsigned seed) : random_(seed) {}

  // A machine on one of whose interfaces frames arrive: its addresses, sockets and services are always the
  // same, drawn are state, enforcement, the flags of the interface, the masks, and whether limits are used
  // up.
  Situation situation();

  // Up to 24 classes within the 64 rule bits that a policy has, with random treatments.
  Config policy();
  // A counter row for each class of `config`, no two the same, in no order.
  std::vector<std::uint8_t> slots(const Config& config);

  struct Sample {
    Bytes frame;
    std::size_t l3 = 0, l4 = 0;  // offsets of the headers
    bool ipv6 = false;
  };
  // A frame that matches `rule` where its conditions allow one; `ipv6`: which, where both would do.
  Sample frame_for(const Rule& rule, bool ipv6);
  // A frame near a random rule of `config`; some are damaged, fragmented, tagged or padded, and some are
  // requests.
  Bytes frame(const Config& config);
  // An ARP request, a neighbour solicitation or an echo request, mostly for an own address; some are damaged.
  Packet request();

  const Rule& any_rule(const Config& config);
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  template <typename T>
  const T& pick(const std::vector<T>& list) {
    return list[below(static_cast<unsigned>(list.size()))];
  }
  static const std::vector<OwnAddress>& own_addresses();
  Rule rule();
  void rarer_fields(Rule& rule);
  Treatment treatment();
  Prefix prefix();
  std::uint16_t port();
  Address address_in(const std::vector<Prefix>& list, bool ipv6);
  Address destination(const Rule& rule, bool ipv6);
  void damage(Sample& sample);

  std::mt19937 random_;
};

}  // namespace ebb::test
