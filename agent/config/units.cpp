// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/units.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ebb::conf {
namespace {

// "12 GHz" -> {"12", "GHz"}
std::pair<std::string_view, std::string_view> split_unit(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  return {text.substr(0, end), trimmed(text.substr(end))};
}

bool same_word(std::string_view a, std::string_view b) {  // in any case: "MHz" is often written "Mhz"
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 32) == (y | 32); });
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::uint32_t> parse_whole(std::string_view text, std::uint32_t max) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number > max)
    return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  const auto [digits, unit] = split_unit(trimmed(text));
  const auto number = parse_whole(digits, 1'000'000'000);
  const auto found =
      std::find_if(units.begin(), units.end(), [u = unit](const auto& entry) { return entry.first == u; });
  if (!number || found == units.end()) return std::nullopt;
  return std::chrono::milliseconds(*number * found->second);
}

std::optional<Condition> parse_threshold(std::string_view text, Sensor sensor) {
  constexpr std::array<std::pair<std::string_view, double>, 3> hertz = {
      {{"kHz", 1}, {"MHz", 1e3}, {"GHz", 1e6}}};
  Condition condition{.sensor = sensor, .text = std::string(text)};
  text = trimmed(text);
  if (text.empty() || (text.front() != '<' && text.front() != '>')) return std::nullopt;
  condition.below = text.front() == '<';
  text = trimmed(text.substr(1));
  const bool negative = text.starts_with('-');
  const auto [digits, unit] = split_unit(text.substr(negative ? 1 : 0));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), condition.value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (negative) condition.value = -condition.value;
  if (same_word(unit, kind_of(sensor).unit)) return condition;
  const auto found = std::find_if(hertz.begin(), hertz.end(),
                                  [u = unit](const auto& entry) { return same_word(entry.first, u); });
  if (sensor != Sensor::frequency || found == hertz.end()) return std::nullopt;
  condition.hertz = true;
  condition.value *= found->second;
  return condition;
}

std::optional<Range16> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_whole(trimmed(text.substr(0, dash)), 65535);
  const auto last =
      dash == std::string_view::npos ? first : parse_whole(trimmed(text.substr(dash + 1)), 65535);
  if (!first || !last) return std::nullopt;
  return Range16{.first = static_cast<std::uint16_t>(*first), .last = static_cast<std::uint16_t>(*last)};
}

std::optional<Span> parse_bound(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || (text.front() != '<' && text.front() != '>')) return std::nullopt;
  const auto number = parse_whole(trimmed(text.substr(1)), 65536);
  if (!number) return std::nullopt;
  if (text.front() == '>') return Span{.first = *number + 1, .last = 65535};
  return *number == 0 ? Span{.first = 1, .last = 0} : Span{.first = 0, .last = *number - 1};
}

std::optional<Prefix> parse_prefix(const std::string& text) {
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  if (address.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  Prefix prefix{.ipv6 = address.find(':') != std::string::npos};
  if (inet_pton(prefix.ipv6 ? AF_INET6 : AF_INET, address.c_str(), prefix.address.data()) != 1)
    return std::nullopt;
  const std::uint32_t bits = prefix.ipv6 ? 128 : 32;
  const auto length =
      slash == std::string::npos ? bits : parse_whole(std::string_view(text).substr(slash + 1), bits);
  if (!length) return std::nullopt;
  prefix.length = static_cast<std::uint8_t>(*length);
  return prefix;
}

Prefix masked(Prefix prefix) {
  for (unsigned i = 0; i < prefix.address.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(prefix.length, i * 8, i * 8 + 8) - i * 8;
    prefix.address[i] = static_cast<std::uint8_t>(prefix.address[i] & (0xff00U >> kept));
  }
  return prefix;
}

std::string prefix_text(const Prefix& prefix) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(prefix.ipv6 ? AF_INET6 : AF_INET, prefix.address.data(), text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(prefix.length);
}

}  // namespace ebb::conf
