// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of the reference: headers, protection, and the packets that it builds.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "support/reference.hpp"

namespace ebb::test {

struct Parsed {
  std::optional<ebb_reason> stop;  // malformed or unparsed
  std::optional<ebb_reason> protection;
  bool request = false;  // a connection request, which only a listener protects
  Fields fields;
  bool fragment = false, udp = false, tagged = false;
  bool authenticated = false;  // an IPv6 authentication header came first
  std::size_t l3 = 0, l4 = 0, end = 0;  // offsets; `end` is behind the last byte of L3
};

inline bool one_of(unsigned value, std::initializer_list<unsigned> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Parsed parse(const Bytes& frame, const Situation& now, const std::vector<std::uint16_t>& management);

// The UDP datagram of `frame` with `keep` bytes of payload, nothing behind it.
Bytes shorten(const Bytes& frame, const Parsed& parsed, std::size_t keep);

// What the hook sends back to a plain request for an address of its interface.
std::optional<Bytes> reply(const Bytes& frame, const Parsed& parsed, const Situation& now);

}  // namespace ebb::test
