// SPDX-License-Identifier: GPL-2.0-or-later
// The rules and foreign entries of prove-price.
#pragma once

#include <string>

#include "base/result.hpp"

struct bpf_object;

namespace ebb::bench {

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
