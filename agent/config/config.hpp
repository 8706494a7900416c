// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration, typed and validated. A Config that exists is one that the agent can run:
// every error of syntax, spelling, range or sense is found here, with file, line and column.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cpumask.hpp"
#include "base/result.hpp"
#include "base/words.hpp"

namespace ebb {

struct Range16 {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // included
  bool operator==(const Range16&) const = default;
};

struct Prefix {
  bool ipv6 = false;
  std::array<std::uint8_t, 16> address{};  // network order; IPv4 uses the first 4 bytes
  std::uint8_t length = 0;                 // bits; the bits behind it are zero
  bool operator==(const Prefix&) const = default;
};

// One entry of `match`. A packet matches when every list that is not empty accepts it;
// a field that the packet does not have (ports of a fragment, protocol of ARP) is not accepted.
struct Rule {
  std::vector<Range16> ethertype;   // after the VLAN tags
  std::vector<std::uint8_t> proto;  // IP protocol; behind the extension headers in IPv6
  std::vector<Range16> sport, dport;
  std::vector<Prefix> src, dst;
  std::vector<Delivery> delivery;
  std::vector<Range16> length;  // L3 length in bytes: IP header and payload, no padding
  std::string where;            // "file:line:column", for messages
};

struct Treatment {
  bool drop = false;
  bool trim_padding = false;
  bool steer = false;
  std::optional<std::uint16_t> trim = std::nullopt;  // UDP payload bytes that stay; implies trim_padding
  bool passes() const { return !drop && !trim_padding && !steer && !trim; }
  bool operator==(const Treatment&) const = default;
};

struct TrafficClass {
  std::string name;  // [a-z0-9][a-z0-9_-]*, at most 31 characters
  ClassKind kind = ClassKind::background;
  bool prefix_safe = false;        // `trim` may shorten encrypted protocols
  std::vector<Rule> match;         // a packet belongs to the class when one rule matches
  std::array<Treatment, 4> treat;  // by PowerState
  std::string where;
};

// "< 50%" or "> 1.2GHz": compared with the frequency sensor.
struct Threshold {
  bool below = true;     // "<"; otherwise ">"
  bool relative = true;  // percent of the hardware maximum; otherwise kHz
  double value = 0;
  std::string text;  // as written
  bool operator==(const Threshold&) const = default;
};

struct CpuChoice {
  bool efficient = false;       // chosen by the agent (act/masks.hpp)
  std::optional<CpuMask> mask;  // named by the user
  // neither: every CPU, nothing is moved
};

struct StateRules {
  bool configured = false;         // has a [state.NAME] table
  std::optional<Threshold> enter;  // on frequency
  std::optional<Threshold> leave;  // default: the opposite of enter
  std::chrono::milliseconds dwell{15000};
  CpuChoice cpus;
};

struct Config {
  std::vector<std::string> interfaces;
  std::chrono::milliseconds interval{5000};  // 100 ms to 1 h
  Enforcement enforcement = Enforcement::observe;
  std::vector<std::uint16_t> management_ports{22};
  std::array<StateRules, 4> states;   // by PowerState
  std::vector<TrafficClass> classes;  // the first class whose rules match wins
};

inline constexpr const char* default_config_path = "/etc/ebb/agent.toml";

// `name` stands in the messages. Errors have exit code 2.
Result<Config> parse_config(const std::string& text, const std::string& name);
Result<Config> load_config(const std::string& path);

}  // namespace ebb
