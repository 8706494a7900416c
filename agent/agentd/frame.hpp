// SPDX-License-Identifier: GPL-2.0-or-later
// From a packet in words to its bytes, and back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agentd/tuple.hpp"
#include "base/result.hpp"
#include "sense/link.hpp"

namespace ebb {

// An Ethernet frame as a neighbour would send it: checksums right, padded to 60 bytes; a unicast one to
// `own`. ICMP is an echo request. Error (exit code 2): the length does not hold the headers.
Result<std::vector<std::uint8_t>> build_frame(const Tuple& tuple, const Mac& own);

// What can be read of an Ethernet frame without doubt; nothing of one that is cut short.
std::optional<Tuple> read_frame(std::span<const std::uint8_t> frame);

// "ff ff:ff 0A", blanks and colons anywhere. 14 to 65,550 bytes. Errors have exit code 2.
Result<std::vector<std::uint8_t>> parse_hex(const std::string& text);

}  // namespace ebb
