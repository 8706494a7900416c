// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cpumask.hpp"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <sstream>

namespace ebb {
namespace {

bool parse_cpu(const std::string& text, unsigned& cpu) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  return error == std::errc{} && end == text.data() + text.size() && cpu < CpuMask::limit;
}

}  // namespace

Result<CpuMask> CpuMask::from_list(const std::string& text) {
  CpuMask mask;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) {
    const auto dash = item.find('-');
    unsigned first = 0;
    unsigned last = 0;
    if (!parse_cpu(item.substr(0, dash), first)) return fail("'" + text + "' is not a CPU list");
    if (dash == std::string::npos)
      last = first;
    else if (!parse_cpu(item.substr(dash + 1), last) || last < first)
      return fail("'" + text + "' is not a CPU list");
    for (unsigned cpu = first; cpu <= last; ++cpu) mask.set(cpu);
  }
  return mask;
}

Result<CpuMask> CpuMask::from_hex(const std::string& text) {
  CpuMask mask;
  unsigned bit = 0;
  for (auto it = text.rbegin(); it != text.rend(); ++it) {
    if (*it == ',') continue;
    const char digit[2] = {*it, '\0'};
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digit, digit + 1, value, 16);
    if (error != std::errc{} || end != digit + 1) return fail("'" + text + "' is not a CPU mask");
    for (unsigned i = 0; i < 4; ++i, ++bit) {
      if (!(value >> i & 1)) continue;
      if (bit >= limit) return fail("'" + text + "' names a CPU above 1023");
      mask.set(bit);
    }
  }
  if (bit == 0) return fail("'" + text + "' is not a CPU mask");
  return mask;
}

std::string CpuMask::list() const {
  std::string text;
  for (unsigned cpu = 0; cpu < limit; ++cpu) {
    if (!bits_.test(cpu)) continue;
    unsigned last = cpu;
    while (last + 1 < limit && bits_.test(last + 1)) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpu);
    if (last != cpu) text += '-' + std::to_string(last);
    cpu = last;
  }
  return text;
}

std::string CpuMask::hex() const {
  std::string text;
  for (unsigned group = limit / 32; group-- > 0;) {
    std::uint32_t word = 0;
    for (unsigned i = 0; i < 32; ++i) word |= static_cast<std::uint32_t>(bits_.test(group * 32 + i)) << i;
    if (text.empty() && word == 0 && group != 0) continue;
    char digits[16];
    std::snprintf(digits, sizeof digits, text.empty() ? "%x" : ",%08x", word);
    text += digits;
  }
  return text;
}

std::vector<unsigned> CpuMask::cpus() const {
  std::vector<unsigned> all;
  for (unsigned cpu = 0; cpu < limit; ++cpu)
    if (bits_.test(cpu)) all.push_back(cpu);
  return all;
}

CpuMask CpuMask::operator&(const CpuMask& other) const {
  CpuMask both;
  both.bits_ = bits_ & other.bits_;
  return both;
}

}  // namespace ebb
