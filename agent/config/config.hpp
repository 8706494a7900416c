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
#include "config/plan.hpp"
#include "config/sensors.hpp"

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

// "syn,!ack": the flags of `mask` have the values in `value`; the others do not matter.
struct TcpFlags {
  std::uint8_t mask = 0;
  std::uint8_t value = 0;
  bool operator==(const TcpFlags&) const = default;
};

// Whose local port it is: a systemd unit ("mosquitto.service": the last part of the socket's cgroup), or a
// cgroup path ("/system.slice": that cgroup and everything below it).
struct Owner {
  bool cgroup = false;
  std::string name;
  bool operator==(const Owner&) const = default;
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
  std::vector<Range16> dscp;    // 0 to 63
  std::vector<Range16> vlan;    // id of the outermost tag, 1 to 4094
  std::vector<TcpFlags> tcp_flags;
  std::vector<Destination> to;
  bool no_listener = false;            // holds only where no local socket wants the packet
  std::vector<Owner> owner;            // of the destination port, TCP and UDP; all services or all cgroups
  std::string where;                   // "file:line:column", for messages
  bool operator==(const Rule&) const;  // but for `where`
};

struct Treatment {
  bool drop = false;
  bool trim_padding = false;
  bool steer = false;
  bool answer = false;
  std::optional<std::uint16_t> trim = std::nullopt;   // UDP payload bytes that stay; implies trim_padding
  std::optional<std::uint32_t> limit = std::nullopt;  // packets per second, at least 1; more are dropped
  bool passes() const { return *this == Treatment{}; }
  bool operator==(const Treatment&) const = default;
};

struct TrafficClass {
  std::string name;  // [a-z0-9][a-z0-9_-]*, at most 31 characters
  ClassKind kind = ClassKind::background;
  bool prefix_safe = false;        // `trim` may shorten encrypted protocols
  std::vector<Rule> match;         // a packet belongs to the class when one rule matches
  std::array<Treatment, 4> treat;  // by PowerState
  GovernorWish governor;           // while it is active
  std::string where;
  bool operator==(const TrafficClass&) const;  // but for `where`
};

// `frequency = "< 50%"`, `mains = "offline"`: what one sensor has to say.
struct Condition {
  Sensor sensor = Sensor::frequency;
  bool below = true;      // "<"; otherwise ">"; neither for a sensor of words
  bool hertz = false;     // of frequency: `value` is kHz instead of percent of the hardware maximum
  double value = 0;       // in the sensor's unit
  std::string text = {};  // as written; of a sensor of words: the word
  bool operator==(const Condition&) const = default;
};

// One entry of `enter` or `leave`.
struct StateRule {
  std::vector<Condition> when = {};         // all must hold; at least one
  std::chrono::milliseconds hold_for{0};    // without a break for so long
  std::string where = {};                   // "file:line:column", for messages
  bool operator==(const StateRule&) const;  // but for `where`
};

// "frequency < 50%, mains offline, for 15s"
std::string rule_text(const StateRule& rule);

struct CpuChoice {
  bool efficient = false;       // chosen by the agent (act/masks.hpp)
  std::optional<CpuMask> mask;  // named by the user
  // neither: every CPU, nothing is moved
  bool operator==(const CpuChoice&) const = default;
};

struct StateRules {
  bool configured = false;       // has a [state.NAME] table
  std::vector<StateRule> enter;  // any may hold
  std::vector<StateRule> leave;  // each ends the rules of `enter` that name one of its sensors; a rule that
                                 // none ends is left when it no longer holds
  std::chrono::milliseconds dwell{15000};
  CpuChoice cpus;
  bool operator==(const StateRules&) const = default;
};

struct Config {
  std::vector<std::string> interfaces;  // names, patterns (fnmatch), "auto": those that carry a default route
  std::chrono::milliseconds interval{5000};  // 100 ms to 1 h
  Enforcement enforcement = Enforcement::observe;
  std::vector<std::uint16_t> management_ports{22};
  std::array<StateRules, 4> states;  // by PowerState
  PlanTable plan = default_plan();
  std::vector<TrafficClass> classes;  // the first class whose rules match wins
  bool operator==(const Config&) const = default;
};

inline constexpr const char* default_config_path = "/etc/ebb/agent.toml";

// `name` stands in the messages. Errors have exit code 2.
Result<Config> parse_config(const std::string& text, const std::string& name);

// The file and, beside it, conf.d/*.toml in byte order of their names. What a later file says replaces what
// an earlier one said, key by key; a class of a name that is there takes its place, and new classes are asked
// before those of earlier files.
Result<Config> load_config(const std::string& path);

// The files that load_config reads, in order; the first is `path`, whether it exists or not.
std::vector<std::string> config_files(const std::string& path);

// Canonical TOML, in ASCII: parse_config gives an equal Config back, but for `where`.
std::string render_config(const Config& config);

}  // namespace ebb
