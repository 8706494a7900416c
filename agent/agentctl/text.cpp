// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace ebb {
namespace {

constexpr const char* replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr const char* ellipsis = "…";

// Length of the valid UTF-8 sequence at the front of `text`, and its code point; 0: there is none.
std::size_t decode(std::string_view text, char32_t& point) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  point = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return 0;
    point = point << 6 | (next & 0x3F);
  }
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < smallest[length] || point > 0x10FFFF || surrogate ? 0 : length;
}

// Would move the cursor, or change what the reader takes the text for.
bool harmful(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Byte index of the character number `n`.
std::size_t index_of(std::string_view text, std::size_t n) {
  std::size_t i = 0;
  for (; i < text.size(); ++i)
    if (starts_character(text[i]) && n-- == 0) break;
  return i;
}

std::string printed(const char* format, double value, const char* unit) {
  std::array<char, 64> out;
  const int length = std::snprintf(out.data(), out.size(), format, value, unit);
  return {out.data(), static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(out.size()) - 1))};
}

// "12.3 k": one decimal below 100 of a unit; the next unit from what would be printed as 1000.
template <std::size_t N>
std::string scaled(double value, double step, const std::array<const char*, N>& units) {
  std::size_t unit = 0;
  for (; unit + 1 < N && value >= (unit == 0 ? step : step - 0.5); ++unit) value /= step;
  return printed(unit == 0 ? "%.0f%s" : value < 99.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
}

}  // namespace

std::string sanitised(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char32_t point = 0;
    const std::size_t length = decode(text, point);
    if (length == 0 || harmful(point))
      out += replacement;
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string shortened(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  return width == 0 ? "" : std::string(text.substr(0, index_of(text, width - 1))) + ellipsis;
}

std::string shortened_front(std::string_view text, std::size_t width) {
  const std::size_t length = width_of(text);
  if (length <= width) return std::string(text);
  return width == 0 ? "" : ellipsis + std::string(text.substr(index_of(text, length - width + 1)));
}

std::string left(std::string_view text, std::size_t width) {
  std::string out = shortened(text, width);
  return out.append(width - width_of(out), ' ');
}

std::string right(std::string_view text, std::size_t width) {
  const std::string out = shortened(text, width);
  return std::string(width - width_of(out), ' ') + out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word = shortened(text.substr(0, end), width);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string human_count(double value) {
  return scaled<7>(value, 1000, {"", " k", " M", " G", " T", " P", " E"});
}

std::string human_bytes(double value) {
  return scaled<5>(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

std::string human_frequency(double khz) {
  return khz < 999'500 ? printed("%.0f%s", khz / 1e3, " MHz") : printed("%.2f%s", khz / 1e6, " GHz");
}

std::string human_number(double value) {
  if (std::fabs(value) >= 1e9) return printed("%.3g%s", value, "");
  std::string out = printed("%.2f%s", value, "");
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string human_duration(std::chrono::seconds time) {
  const auto s = time.count();
  const auto two = [](std::int64_t big, const char* unit, std::int64_t small, const char* small_unit) {
    return std::to_string(big) + unit + (small ? ' ' + std::to_string(small) + small_unit : "");
  };
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return two(s / 60, " min", s % 60, " s");
  if (s < 86400) return two(s / 3600, " h", s % 3600 / 60, " min");
  return two(s / 86400, " d", s % 86400 / 3600, " h");
}

std::string bar(double fraction, std::size_t width) {
  constexpr std::array<const char*, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const auto cells = static_cast<std::size_t>(std::lround(filled * static_cast<double>(width) * 8));
  std::string out;
  for (std::size_t i = 0; i < cells / 8; ++i) out += "█";
  return left(out + eighths[cells % 8], width);
}

std::optional<std::chrono::sys_seconds> parse_time(const std::string& text) {
  std::tm tm{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (!rest) return std::nullopt;
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  std::tm offset{};
  const char* const zone = strptime(rest, "%z", &offset);
  if (!zone || *zone) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(timegm(&tm) - offset.tm_gmtoff));
}

}  // namespace ebb
