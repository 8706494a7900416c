// SPDX-License-Identifier: GPL-2.0-or-later
// Words for numbers in packets: what the rules of a configuration are written and printed with.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/config.hpp"

namespace ebb::conf {

inline constexpr std::array<std::string_view, 9> proto_words = {"tcp",  "udp", "icmp", "icmpv6", "igmp",
                                                                "sctp", "gre", "esp",  "ah"};
inline constexpr std::array<std::uint8_t, 9> proto_numbers = {IPPROTO_TCP,    IPPROTO_UDP,  IPPROTO_ICMP,
                                                              IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_SCTP,
                                                              IPPROTO_GRE,    IPPROTO_ESP,  IPPROTO_AH};

inline constexpr Range16 ethertype_ipv4{0x0800, 0x0800};
inline constexpr Range16 ethertype_arp{0x0806, 0x0806};
inline constexpr Range16 ethertype_ipv6{0x86dd, 0x86dd};
inline constexpr std::array<std::string_view, 3> ethertype_words = {"ipv4", "ipv6", "arp"};
inline constexpr std::array<Range16, 3> ethertypes = {ethertype_ipv4, ethertype_ipv6, ethertype_arp};

// RFC 2474, 2597, 3246, 5865, 8622.
inline constexpr std::array<std::string_view, 23> dscp_words = {
    "cs0",  "cs1",  "cs2",  "cs3",  "cs4",  "cs5",  "cs6",  "cs7",  "af11", "af12", "af13", "af21",
    "af22", "af23", "af31", "af32", "af33", "af41", "af42", "af43", "ef",   "va",   "le"};
inline constexpr std::array<std::uint8_t, 23> dscp_numbers = {0,  8,  16, 24, 32, 40, 48, 56, 10, 12, 14, 18,
                                                              20, 22, 26, 28, 30, 34, 36, 38, 46, 44, 1};

// By bit of byte 13 of the TCP header.
inline constexpr std::array<std::string_view, 8> tcp_flag_words = {"fin", "syn", "rst", "psh",
                                                                   "ack", "urg", "ece", "cwr"};

// The word for `number`, if there is one.
template <typename Number, std::size_t N>
std::optional<std::string_view> word_for(const std::array<std::string_view, N>& words,
                                         const std::array<Number, N>& numbers, const Number& number) {
  const auto found = std::find(numbers.begin(), numbers.end(), number);
  if (found == numbers.end()) return std::nullopt;
  return words[static_cast<std::size_t>(found - numbers.begin())];
}

}  // namespace ebb::conf
