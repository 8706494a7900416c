// SPDX-License-Identifier: GPL-2.0-or-later
// A packet in words: what `explain` is asked, and what it and `why-dropped` show.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "base/words.hpp"

namespace ebb {

using Address = std::array<std::uint8_t, 16>;  // network order; IPv4: the first 4 bytes

struct Tuple {
  std::uint16_t ethertype =
      0x0800;  // after the VLAN tags; what follows is meaningless unless it is IPv4 or IPv6
  std::uint8_t proto = 17;
  Address src{}, dst{};
  std::optional<std::uint16_t> sport, dport;  // none: TCP or UDP fragments, other protocols
  std::optional<Delivery> delivery;           // none: as the destination address says
  std::uint16_t length = 0;                   // L3 bytes; 0: only the headers
  std::uint16_t vlan = 0;                     // id of the outermost tag; 0: no tag
  std::uint8_t dscp = 0;
  std::uint8_t tcp_flags = 0x10;  // byte 13 of the TCP header; default: ack

  bool ipv6() const { return ethertype == 0x86dd; }
  bool ip() const { return ipv6() || ethertype == 0x0800; }
};

std::string address_text(const Address& address, bool ipv6);
// Sets whether it is IPv6.
std::optional<Address> parse_address(const std::string& text, bool& ipv6);

nlohmann::json or_null(bool known, nlohmann::json value);
std::string proto_word(std::uint8_t proto);  // "udp", "47"

// The type Tuple of io.ebb.Agent. What is null or missing takes the default above; src defaults to the
// unspecified address. Without dst, `known_dst` says whether there was one. Errors name the key, with exit
// code 2.
struct AskedTuple {
  Tuple tuple;
  bool known_dst = false;
};
Result<AskedTuple> tuple_from_json(const nlohmann::json& in);
nlohmann::json tuple_json(const Tuple& tuple);
nlohmann::json endpoints_json(const Tuple& tuple);  // only who sends what to whom

}  // namespace ebb
