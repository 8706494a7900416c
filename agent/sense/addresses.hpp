// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses that this machine answers to.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.hpp"

namespace ebb {

struct OwnAddress {
  bool ipv6 = false;
  std::array<std::uint8_t, 16> address{};  // network order; IPv4 uses the first 4 bytes
  int ifindex = 0;
  bool answer = false;  // the stack answers requests for it that come in on this interface
  bool operator==(const OwnAddress&) const = default;
};

// Every address of this network namespace that is valid now. An IPv6 address that is tentative, optimistic,
// or a duplicate of somebody else's is not ours yet.
Result<std::vector<OwnAddress>> read_addresses();

}  // namespace ebb
