// SPDX-License-Identifier: GPL-2.0-or-later
// CpuMask: a set of CPU numbers, 0 to 1023, in the kernel's two spellings.
#pragma once

#include <bitset>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ebb {

class CpuMask {
 public:
  static constexpr unsigned limit = 1024;  // EBB_CPUS

  // "0-2,5": the list format of /sys/devices/system/cpu/online. Empty text is the empty mask.
  static Result<CpuMask> from_list(const std::string& text);
  // "00000003,0000000f": the format of rps_cpus and smp_affinity.
  static Result<CpuMask> from_hex(const std::string& text);

  std::string list() const;  // "0-2,5"; "" when empty
  std::string hex() const;   // "27"; groups of 8 digits, most significant first, as rps_cpus takes it

  void set(unsigned cpu) { bits_.set(cpu); }
  bool test(unsigned cpu) const { return cpu < limit && bits_.test(cpu); }
  unsigned count() const { return static_cast<unsigned>(bits_.count()); }
  bool empty() const { return bits_.none(); }
  std::vector<unsigned> cpus() const;  // ascending
  CpuMask operator&(const CpuMask& other) const;
  bool operator==(const CpuMask&) const = default;

 private:
  std::bitset<limit> bits_;
};

}  // namespace ebb
