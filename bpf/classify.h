/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The classifier and the protected list.
 *
 * 1. Each field of the packet selects, in the bank, the set of rules that accept it.
 * 2. The AND of these sets, lowest bit first, is the rule. No helper, no loop over rules.
 * 3. What is protected is found beside it, by constants and one table, whatever the rules say.
 */
#ifndef EBB_CLASSIFY_H
#define EBB_CLASSIFY_H

#include "maps.h"
#include "packet.h"

#define EBB_NO_RULE EBB_RULES

static __always_inline __u64 ebb_rules16(const struct ebb_field16 *field, __u64 value)
{
	__u64 class = field->class_of[EBB_INDEX(value, 0xffff)];

	return field->rules[EBB_INDEX(class, 0xff)];
}

/* The rules whose prefixes accept the address: a conjunction over its bytes. */
#define EBB_RULES_ADDRESS(tables, words, count)                                               \
	({                                                                                    \
		__u64 rules_ = ~0ULL;                                                         \
		_Pragma("unroll") for (int i_ = 0; i_ < (count); i_++)                        \
		{                                                                             \
			__u64 byte_ = bpf_ntohl((words)[i_ / 4]) >> (24 - i_ % 4 * 8);        \
			rules_ &= (tables)[i_][EBB_INDEX(byte_, 0xff)];                       \
		}                                                                             \
		rules_;                                                                       \
	})

/* Index of the lowest bit. By de Bruijn's sequence: clang 14 crashes on __builtin_ctzll for BPF. */
static const __u8 ebb_bit_index[64] = {
	0,  1,	2,  53, 3,  7,	54, 27, 4,  38, 41, 8,	34, 55, 48, 28, 62, 5,	39, 46, 44, 42, 22, 9,	24, 35, 59, 56, 49, 18, 29, 11,
	63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

static __always_inline __u64 ebb_lowest_bit(__u64 set)
{
	__u64 hash = ((set & -set) * 0x022fdd63cc95386dULL) >> 58;

	return ebb_bit_index[EBB_INDEX(hash, 63)];
}

/* The packet's rule, or EBB_NO_RULE. */
static __always_inline __u64 ebb_classify(const struct ebb_bank *bank, const struct ebb_packet *p)
{
	__u64 rules = bank->delivery[EBB_INDEX(p->delivery, EBB_DELIVERIES - 1)];

	rules &= ebb_rules16(&bank->ethertype, p->ethertype);
	if (p->family == EBB_NO_IP) {
		rules &= bank->any_ip;
	} else {
		rules &= bank->proto[EBB_INDEX(p->proto, 0xff)];
		rules &= ebb_rules16(&bank->length, p->length);
		if (p->has_ports)
			rules &= ebb_rules16(&bank->sport, p->sport) & ebb_rules16(&bank->dport, p->dport);
		else
			rules &= bank->any_ports;
		if (p->family == EBB_IPV4) {
			rules &= EBB_RULES_ADDRESS(bank->ipv4_src, p->src, 4);
			rules &= EBB_RULES_ADDRESS(bank->ipv4_dst, p->dst, 4);
		} else {
			rules &= EBB_RULES_ADDRESS(bank->ipv6_src, p->src, 16);
			rules &= EBB_RULES_ADDRESS(bank->ipv6_dst, p->dst, 16);
		}
	}
	return rules ? ebb_lowest_bit(rules) : EBB_NO_RULE;
}

/* By type: 3 unreachable with path MTU, 4 source quench, 5 redirect, 9 and 10 router discovery, 11 time, 12 parameter. */
static const __u8 ebb_icmp_shield[256] = {
	[3 ... 5] = EBB_R_ICMP_ERROR,
	[9 ... 12] = EBB_R_ICMP_ERROR,
};

static const __u8 ebb_icmpv6_shield[256] = {
	[1 ... 4] = EBB_R_ICMP_ERROR,	      /* unreachable, packet too big, time exceeded, parameter problem */
	[130 ... 132] = EBB_R_MULTICAST_CTL,  /* MLD query, report, done */
	[133 ... 137] = EBB_R_NEIGHBOUR,      /* router and neighbour solicitation and advertisement, redirect */
	[141 ... 142] = EBB_R_NEIGHBOUR,      /* inverse neighbour discovery */
	[143] = EBB_R_MULTICAST_CTL,	      /* MLDv2 report */
	[148 ... 149] = EBB_R_NEIGHBOUR,      /* secure neighbour discovery */
	[151 ... 153] = EBB_R_MULTICAST_CTL,  /* multicast router discovery */
};

/* The reason why the packet is never dropped, trimmed, limited or deferred, or 0. */
static __always_inline __u64 ebb_protected(const struct ebb_bank *bank, const struct ebb_packet *p)
{
	__u64 dport_class;

	if (p->family == EBB_NO_IP)
		return p->ethertype == ETH_P_ARP ? EBB_R_ARP : EBB_R_ETHERTYPE;
	if (p->proto == IPPROTO_TCP && (p->fragment || p->tcp_flags & EBB_TCP_CONTROL))
		return EBB_R_TCP_CONTROL;
	if (p->proto == IPPROTO_IGMP && p->family == EBB_IPV4)
		return EBB_R_MULTICAST_CTL;
	if (p->fragment)
		return 0;
	if (p->proto == IPPROTO_ICMP && p->family == EBB_IPV4)
		return ebb_icmp_shield[EBB_INDEX(p->icmp_type, 0xff)];
	if (p->proto == IPPROTO_ICMPV6 && p->family == EBB_IPV6)
		return ebb_icmpv6_shield[EBB_INDEX(p->icmp_type, 0xff)];
	if (!p->has_ports)
		return 0;
	if (p->proto == IPPROTO_UDP) {
		__u16 first = p->family == EBB_IPV4 ? 67 : 546; /* server and client */

		if (p->dport == first || p->dport == first + 1)
			return EBB_R_DHCP;
	}
	dport_class = bank->dport.class_of[EBB_INDEX(p->dport, 0xffff)];
	return bank->management[EBB_INDEX(dport_class, 0xff)] ? EBB_R_MANAGEMENT : 0;
}

#endif
