// SPDX-License-Identifier: GPL-2.0-or-later
// Text for a terminal: made safe, measured in code points, shortened, padded; and numbers for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ebb {

// Valid UTF-8 of one line: control and direction-changing characters and broken bytes become U+FFFD.
std::string sanitised(std::string_view text);

// All below take sanitised text.
std::size_t width_of(std::string_view text);                            // code points
std::string shortened(std::string_view text, std::size_t width);        // "a long na…"
std::string shortened_front(std::string_view text, std::size_t width);  // "…g name"
std::string left(std::string_view text, std::size_t width);             // shortened or padded to `width`
std::string right(std::string_view text, std::size_t width);
std::vector<std::string> wrapped(std::string_view text,
                                 std::size_t width);  // at least one line; breaks at blanks

std::string human_count(double value);                  // "999", "12.3 k", "4.5 M"
std::string human_bytes(double value);                  // "4.2 MiB"
std::string human_frequency(double khz);                // "600 MHz", "1.80 GHz"
std::string human_number(double value);                 // at most two decimals
std::string human_duration(std::chrono::seconds time);  // "42 s", "12 min 4 s", "3 h 5 min", "2 d 4 h"
std::string bar(double fraction, std::size_t width);    // "████▌   ", in eighths of a cell

// RFC 3339: "2026-11-22T15:00:00Z", with or without a fraction and an offset.
std::optional<std::chrono::sys_seconds> parse_time(const std::string& text);

}  // namespace ebb
