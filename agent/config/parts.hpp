// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of the configuration, one function each. Failures are kept by the Reader.
#pragma once

#include "config/config.hpp"
#include "config/reader.hpp"

namespace ebb::conf {

void read_agent(Reader& in, const Value& table, Config& config);
void read_states(Reader& in, const Value& table, std::array<StateRules, 4>& states);
Rule read_rule(Reader& in, const Value& table);
void read_class(Reader& in, const Value& table, std::vector<TrafficClass>& classes);

// A duration between `min` and `max`.
std::chrono::milliseconds read_duration(Reader& in, const Value& value, std::chrono::milliseconds min,
                                        std::chrono::milliseconds max, const std::string& range);

inline constexpr Range16 ethertype_ipv4{0x0800, 0x0800};
inline constexpr Range16 ethertype_arp{0x0806, 0x0806};
inline constexpr Range16 ethertype_ipv6{0x86dd, 0x86dd};

}  // namespace ebb::conf
