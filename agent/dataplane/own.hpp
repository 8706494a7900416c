// SPDX-License-Identifier: GPL-2.0-or-later
// This machine's own addresses, in the live structure: what `to = "us"` and `answer` go by.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "dataplane/maps.hpp"
#include "sense/addresses.hpp"
#include "sense/link.hpp"

namespace ebb {

// A MAC address as ebb_mac() of bpf/ours.h reads it from a frame.
std::uint64_t mac_word(const Mac& mac);

class OwnTables {
 public:
  // Takes over what an earlier agent left in the tables.
  explicit OwnTables(const Maps& maps);

  // Makes the tables say this and nothing else. What is not there any more is gone first, at once; what is
  // new goes into slots that no program can still be reading. Where a set of the table is full, the later
  // address is left out: it counts as not ours, which only spares its packets. Such a one is reported once.
  // True: a grace period was waited for, 8 to 16 ms; what was given may be old: read again, and update again.
  Result<bool> update(const std::vector<OwnAddress>& addresses, const std::vector<Mac>& macs);

 private:
  using Table = ebb_address (*)[EBB_WAYS];
  // What a free slot held last, which a program may still be reading; all zero: it is free for anything.
  using Ghosts = std::array<std::array<ebb_address, EBB_WAYS>, EBB_SETS>;

  const Maps& maps_;
  std::array<Ghosts, 2> ghosts_{};                   // IPv4, IPv6
  std::set<std::array<std::uint8_t, 17>> left_out_;  // reported; how many bytes of it count, and the bytes

  Table table(bool ipv6) const;
  void remove(bool ipv6, std::size_t set, std::size_t way);
  void remove_others(const std::vector<OwnAddress>& addresses);
  enum class Added : std::uint8_t { yes, wait, full };
  Added add(const OwnAddress& address);
  void update_ipv4(const std::vector<OwnAddress>& addresses);
  void update_macs(const std::vector<Mac>& macs);
  void report_left_out(const std::vector<OwnAddress>& addresses);
};

}  // namespace ebb
