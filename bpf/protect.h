/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Protected traffic: what is never dropped, trimmed, limited or deferred, whatever the
 * rules say (docs/safety.md). Compiled in; protected ports come with the policy, whose compiler always names them.
 * Each function returns an enum ebb_reason, or 0.
 */
#ifndef EBB_PROTECT_H
#define EBB_PROTECT_H

#include "packet.h"
#include "tables.h"

/* FIN, SYN and RST, by their place in byte 13 of the TCP header. */
#define EBB_TCP_CONTROL 0x07

/* By type: 3 unreachable with path MTU, 4 source quench, 5 redirect, 9 and 10 router discovery, 11 time, 12 parameter. */
static const __u8 ebb_icmp_shield[256] = {
	[3 ... 5] = EBB_R_ICMP_ERROR,
	[9 ... 12] = EBB_R_ICMP_ERROR,
};

static const __u8 ebb_icmpv6_shield[256] = {
	[1 ... 4] = EBB_R_ICMP_ERROR,	     /* unreachable, packet too big, time exceeded, parameter problem */
	[130 ... 132] = EBB_R_MULTICAST_CTL, /* MLD query, report, done */
	[133 ... 137] = EBB_R_NEIGHBOUR,     /* router and neighbour solicitation and advertisement, redirect */
	[141 ... 142] = EBB_R_NEIGHBOUR,     /* inverse neighbour discovery */
	[143] = EBB_R_MULTICAST_CTL,	     /* MLDv2 report */
	[148 ... 149] = EBB_R_NEIGHBOUR,     /* secure neighbour discovery */
	[151 ... 153] = EBB_R_MULTICAST_CTL, /* multicast router discovery */
};

static __always_inline __u64 ebb_shield_icmp(bool ipv4, __u8 proto, __u64 type)
{
	if (ipv4)
		return proto == IPPROTO_ICMP ? ebb_icmp_shield[EBB_INDEX(type, 0xff)] : 0;
	return proto == IPPROTO_ICMPV6 ? ebb_icmpv6_shield[EBB_INDEX(type, 0xff)] : 0;
}

static __always_inline __u64 ebb_shield_tcp(__u8 flags)
{
	return flags & EBB_TCP_CONTROL ? EBB_R_TCP_CONTROL : 0;
}

/* Without ports: fragments of TCP may be anything (a SYN, the management port), IGMP is all control. */
static __always_inline __u64 ebb_shield_proto(bool ipv4, __u8 proto, bool fragment)
{
	if (fragment && proto == IPPROTO_TCP)
		return EBB_R_TCP_CONTROL;
	if (proto == IPPROTO_ESP || proto == IPPROTO_AH)
		return EBB_R_TUNNEL;
	return ipv4 && proto == IPPROTO_IGMP ? EBB_R_MULTICAST_CTL : 0;
}

#endif
