// SPDX-License-Identifier: GPL-2.0-or-later
// What packets a rule can accept, and whether an earlier rule takes them all. Pure.
#pragma once

#include "config/config.hpp"

namespace ebb::conf {

bool names_ip(const Rule& rule);            // names a field that only IPv4 and IPv6 packets have
bool names_transport(const Rule& rule);     // names a field that only TCP and UDP packets have
bool names_ip_ethertype(const Rule& rule);  // names ethertype IPv4 or IPv6, perhaps among others

// Which IP packets can match, by ethertype and addresses.
struct Families {
  bool ipv4 = false, ipv6 = false;
};
Families families_of(const Rule& rule);

// Whether packets can match that the hook can answer: ARP requests, neighbour solicitations, echo requests to
// us.
bool answerable(const Rule& rule);

// How many of the policy's rule bits it takes: one for each pair of a source and a destination prefix of one
// family.
std::size_t rule_bits(const Rule& rule);

// The rule with everything said that its keys imply: ports are of TCP or UDP, an IPv4 address is of an IPv4
// packet, which has a protocol, a length and a DSCP. A list that stays empty accepts packets without that
// field, too.
Rule spelled_out(Rule rule);

// Whether `first` accepts, field by field, every packet that a rule accepts; of that one, what spelled_out()
// says.
bool covers(const Rule& first, const Rule& rule);

}  // namespace ebb::conf
