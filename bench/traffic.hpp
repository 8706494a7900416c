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
// sides, DSCP, VLANs and TCP flags. None accepts a packet: like xdp-filter's entries, what is timed is the
// search. The last names ports' protocols, both prefixes and the length, and stands for every packet until
// all of that is read.
std::string node_rules(unsigned count);

// The same, with a last rule that names every field that needs no socket and fails at its last step, `to`.
// (For IPv6 the address tables are the last step.)
std::string node_fields(unsigned count);

// One class that leaves its UDP and TCP packets alone; `condition`: more keys of its rule.
std::string last_rule(const std::string& condition, const std::string& name = "last");

// One class for all UDP traffic with this treatment, in TOML ("drop", "trim=64").
std::string treat_udp(const std::string& treatment);

// 64 entries that match no packet in each of xdp-filter's tables.
Status fill_xdp_filter(bpf_object* filter);

}  // namespace ebb::bench
