// SPDX-License-Identifier: GPL-2.0-or-later
// The vocabulary of DESIGN 2: one spelling in configuration, logs, JSON and pages.
// The numeric values of PowerState, Delivery and Destination are those of bpf/abi.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ebb {

enum class PowerState : std::uint8_t { performance, balanced, power_saver, critical };
enum class TrafficMode : std::uint8_t { quiet, interactive, bulk };
enum class Enforcement : std::uint8_t { observe, enforce };
enum class ClassKind : std::uint8_t { urgent, bulk, background };
enum class Delivery : std::uint8_t { unicast, multicast, broadcast };
enum class Destination : std::uint8_t { us = 1, forwarded };

inline constexpr std::array<std::string_view, 4> power_state_words = {"performance", "balanced",
                                                                      "power-saver", "critical"};
inline constexpr std::array<std::string_view, 3> traffic_mode_words = {"quiet", "interactive", "bulk"};
inline constexpr std::array<std::string_view, 2> enforcement_words = {"observe", "enforce"};
inline constexpr std::array<std::string_view, 3> class_kind_words = {"urgent", "bulk", "background"};
inline constexpr std::array<std::string_view, 3> delivery_words = {"unicast", "multicast", "broadcast"};
inline constexpr std::array<std::string_view, 2> destination_words = {"us", "forwarded"};

constexpr std::string_view word(PowerState v) { return power_state_words[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(TrafficMode v) { return traffic_mode_words[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(Enforcement v) { return enforcement_words[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(ClassKind v) { return class_kind_words[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(Delivery v) { return delivery_words[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(Destination v) { return destination_words[static_cast<std::size_t>(v) - 1]; }

// The index of `text` in one of the lists above.
template <typename Enum, std::size_t N>
constexpr std::optional<Enum> from_word(const std::array<std::string_view, N>& words, std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace ebb
