// SPDX-License-Identifier: GPL-2.0-or-later
// The packets, rules and foreign entries of prove-price.
#pragma once

#include <string>

#include "base/result.hpp"
#include "generator.h"

struct bpf_object;

namespace ebb::bench {

using GeneratedPackets = generated[GENERATOR_KINDS][GENERATOR_PACKETS];

// 10.0.0.0/8 or 2001:db8::/32 -> 192.0.2.0/24 or 2001:db8:ffff::/48, unprivileged ports, half of them UDP.
void fill_packets(GeneratedPackets& packets);

// `count` rules of a believable node: telemetry, cameras, updates, with ports, ranges and prefixes on both
// sides. About one packet in eight matches the last rule; the others match none.
std::string node_rules(unsigned count);

// One class for all UDP traffic with this treatment, in TOML ("drop", "trim=64").
std::string treat_udp(const std::string& treatment);

// 64 entries that match no packet in each of xdp-filter's tables.
Status fill_xdp_filter(bpf_object* filter);

}  // namespace ebb::bench
