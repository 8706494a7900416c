// SPDX-License-Identifier: GPL-2.0-or-later
// The small languages inside strings: durations, thresholds, ranges, prefixes. Pure; nothing: not understood.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace ebb::conf {

std::string_view trimmed(std::string_view text);  // without blanks and tabs around
std::optional<std::uint32_t> parse_whole(std::string_view text, std::uint32_t max);  // decimal digits only

// "500ms", "5s", "2m", "1h"; whole numbers.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "< 50%", "> 1.2GHz", "< 600000kHz", "> 80C", "< -5C", "> 2": a number in a unit of the sensor.
std::optional<Condition> parse_threshold(std::string_view text, Sensor sensor);

// "80", "9000-9010"; first may be above last: the caller says so.
std::optional<Range16> parse_range(std::string_view text);

// "< 100", "> 1000"; empty (first above last) if no 16-bit number is meant.
struct Span {
  std::uint32_t first = 0, last = 0;
};
std::optional<Span> parse_bound(std::string_view text);

// "192.0.2.0/24", "2001:db8::1". Bits behind the length stay as written; see masked().
std::optional<Prefix> parse_prefix(const std::string& text);
Prefix masked(Prefix prefix);
std::string prefix_text(const Prefix& prefix);

}  // namespace ebb::conf
