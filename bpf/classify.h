/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The classifier: one walk over the headers.
 *
 * 1. Each field selects, in the bank, the set of rules that accept it, and the sets are
 *    ANDed while the header is at hand. No helper, no loop over rules, nothing stored.
 *    The larger tables come late, the rarer fields last: only while a rule stands that names one of them.
 * 2. What the packet lacks (IP, ports) only rules accept that do not name it.
 * 3. A fragment has no ports: it is judged by its L3 fields only.
 * 4. The verifier follows every way to the program's end. Where ways meet, what they have
 *    set to constants has `zero` added, which comes from a map: unknown, so the ways merge.
 */
#ifndef EBB_CLASSIFY_H
#define EBB_CLASSIFY_H

#include "maps.h"
#include "ours.h"
#include "packet.h"
#include "protect.h"
#include "sockets.h"
#include "tables.h"

#define EBB_FRAGMENT bpf_htons(0x3fff) /* of an IPv4 header: offset or MF */

static __always_inline int ebb_walk_ipv4(const struct ebb_frame *f, const struct ebb_bank *bank, struct iphdr *h,
					 struct ebb_packet *p, __u64 *fragment)
{
	__u64 room = f->len - p->l3_offset, options, header;

	if ((void *)(h + 1) > f->end)
		return EBB_R_MALFORMED;
	options = *(__u8 *)h - 0x45ULL; /* version 4, and words of header beyond 5 */
	if (options > 10)
		return EBB_R_MALFORMED;
	header = sizeof(*h) + options * 4;
	/* A GRO packet's own length field may be zero (BIG TCP): it fills the frame. */
	p->l3_len = EBB_GSO_SIZE(f->ctx) ? room : bpf_ntohs(h->tot_len);
	if (p->l3_len < header || p->l3_len > room)
		return EBB_R_MALFORMED;
	p->proto = h->protocol;
	*fragment = h->frag_off & EBB_FRAGMENT;
	p->l4_offset = p->l3_offset + header;
	p->rules &= EBB_ENTRY(bank, proto_ipv4, ebb_byte(&h->protocol)) &
		    EBB_ENTRY(bank, dscp, ebb_byte((__u8 *)h + 1));
	return -1;
}

static __always_inline int ebb_walk_ipv6(const struct ebb_frame *f, const struct ebb_bank *bank, struct ipv6hdr *h,
					 __u64 zero, struct ebb_packet *p, __u64 *fragment, __u64 *ah)
{
	__u64 room = f->len - p->l3_offset;

	if ((void *)(h + 1) > f->end || h->version != 6)
		return EBB_R_MALFORMED;
	p->l3_len = EBB_GSO_SIZE(f->ctx) ? room : sizeof(*h) + (__u64)bpf_ntohs(h->payload_len);
	if (p->l3_len > room)
		return EBB_R_MALFORMED;
	p->proto = h->nexthdr;
	*fragment = zero;
	p->l4_offset = p->l3_offset + sizeof(*h);
	p->rules &= EBB_ENTRY(bank, dscp, EBB_INDEX(bpf_ntohs(*(__be16 *)h) >> 4, 0xff));
	*ah = zero;
	if (ebb_is_extension(p->proto)) {
		int walk = ebb_walk_extensions(f->ctx, p->l4_offset, p->proto, p->l3_offset + p->l3_len);

		if (walk < 0)
			return -1 - walk;
		p->proto = EBB_WALK_PROTO(walk);
		*fragment = EBB_WALK_FRAGMENT(walk);
		*ah = EBB_WALK_AH(walk);
		p->l4_offset = EBB_WALK_OFFSET(walk);
		if (p->l4_offset > p->l3_offset + p->l3_len)
			return EBB_R_MALFORMED;
	}
	p->rules &= EBB_ENTRY(bank, proto_ipv6, EBB_INDEX(p->proto, 0xff));
	return -1;
}

/* Of an IP packet that was classified. */
static __always_inline bool ebb_is_ipv4(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u64 offset = p->l3_offset;

	barrier_var(offset);
	return offset <= 64 && f->data + offset + 1 <= f->end && *(__u8 *)(f->data + offset) >> 4 == 4;
}

/* The TCP or UDP header of a classified packet, or NULL. Not on the short way, but for what is trimmed or steered. */
static __always_inline void *ebb_l4(const struct ebb_frame *f, const struct ebb_packet *p, __u64 size)
{
	__u64 offset = p->l4_offset;

	barrier_var(offset);
	if (!offset || offset > EBB_OFFSET_MAX || f->data + offset + size > f->end)
		return NULL;
	return p->proto == IPPROTO_UDP || p->proto == IPPROTO_TCP ? f->data + offset : NULL;
}

/* Its length in bytes; 0: the packet has no ports. */
static __always_inline __u64 ebb_l4_header(const struct ebb_frame *f, const struct ebb_packet *p)
{
	struct tcphdr *tcp;

	if (p->proto == IPPROTO_UDP)
		return p->l4_offset ? sizeof(struct udphdr) : 0;
	tcp = ebb_l4(f, p, sizeof(*tcp));
	return tcp ? tcp->doff * 4 : 0;
}

static __always_inline __u64 ebb_rules_vlan(const struct ebb_bank *bank, __u64 tci)
{
	return EBB_ROW_ENTRY(bank, vlan, EBB_CLASS_ROW(bank, vlan_class, EBB_INDEX(tci, 0xfff)));
}

/* Is it a unicast packet to this machine, if only to be forwarded? `group`: the IP address is one for many. */
static __always_inline bool ebb_is_to_us(const struct ebb_live *live, const struct ebb_frame *f, bool group)
{
	struct ethhdr *eth = f->data;

	return f->raw_ip ? !group : (void *)(eth + 1) <= f->end && ebb_is_to_our_mac(live, eth);
}

/* `to`. `at`: the IP header. */
static __always_inline __u64 ebb_rules_to(const struct ebb_live *live, const struct ebb_frame *f,
					  const struct ebb_bank *bank, const void *at, bool ipv4)
{
	const struct ipv6hdr *h6 = at;
	const struct iphdr *h4 = at;

	if (!ebb_is_to_us(live, f, ipv4 ? ebb_is_group_ipv4(h4->daddr) : h6->daddr.s6_addr[0] == 0xff))
		return EBB_APART(bank->to[EBB_TO_ALL]);
	if (!(ipv4 ? ebb_is_our_ipv4(live, &h4->daddr) : ebb_is_our_ipv6(live, (const __u32 *)&h6->daddr)))
		return EBB_APART(bank->to[EBB_TO_FORWARDED]);
	return EBB_APART(bank->to[EBB_TO_US]);
}

/* The service that owns the destination port, where that can be known. */
static __always_inline __u64 ebb_rules_owner(const struct ebb_live *live, const struct ebb_frame *f,
					     const struct ebb_bank *bank, const __be16 *ports,
					     const struct ebb_packet *p)
{
	const struct ebb_iface *iface = &live->iface[EBB_INDEX(EBB_IFINDEX(f->ctx), EBB_IFACES - 1)];
	__u64 owner = live->zero;

	if (ports && iface->flags & EBB_IF_SOCKETS && live->owners_known == live->owners_epoch)
		owner = live->owner[EBB_INDEX(p->proto == IPPROTO_UDP, 1)][EBB_INDEX(bpf_ntohs(ports[1]), 0xffff)];
	return bank->owner[EBB_INDEX(owner, EBB_OWNERS - 1)];
}

/* The rules that still stand after the larger tables. `at`: the IP header. */
static __always_inline __u64 ebb_rules_late(const struct ebb_frame *f, const struct ebb_bank *bank, const void *at,
					    bool ipv4, const struct ebb_packet *p)
{
	__u64 rules = p->rules;

	if (EBB_GSO_SIZE(f->ctx) || !ipv4) {
		/* of one datagram, not of the GRO packet */
		__u64 length = EBB_GSO_SIZE(f->ctx) ? p->l4_offset - p->l3_offset + ebb_l4_header(f, p) + EBB_GSO_SIZE(f->ctx) :
						      p->l3_len;

		rules &= EBB_RULES16(bank, length, EBB_INDEX(bpf_htons(length), 0xffff));
	} else {
		rules &= EBB_RULES16(bank, length, ebb_be16(&((const struct iphdr *)at)->tot_len));
	}
	barrier_var(rules); /* clang would keep both on the stack */
	if (ipv4) {
		const struct iphdr *h = at;

		EBB_RULES_ADDRESS(rules, bank, __builtin_offsetof(struct ebb_bank, ipv4_src), 4, &h->saddr);
		EBB_RULES_ADDRESS(rules, bank, __builtin_offsetof(struct ebb_bank, ipv4_dst), 4, &h->daddr);
	} else {
		const struct ipv6hdr *h = at;
		const void *middle = bank->ipv6_dst;

		barrier_var(middle);
		EBB_RULES_ADDRESS(rules, middle, -(long)sizeof(bank->ipv6_src), 16, &h->saddr);
		EBB_RULES_ADDRESS(rules, middle, 0, 16, &h->daddr);
	}
	return rules;
}

/*
 * The same after the fields that take more than tables, or whose tables new flows would draw into the caches, line by
 * line. `ports`: NULL where there are none. A socket is asked for last, and only where the answer decides.
 */
static __always_inline __u64 ebb_rules_rare(const struct ebb_live *live, const struct ebb_frame *f,
					    const struct ebb_bank *bank, const void *at, bool ipv4,
					    const __be16 *ports, const struct ebb_packet *p)
{
	__u64 rules = p->rules;

	if (ports && rules & bank->sported)
		rules &= EBB_RULES16(bank, sport, ebb_be16(ports));
	if (rules & bank->aimed)
		rules &= ebb_rules_to(live, f, bank, at, ipv4);
	if (EBB_LIKELY(!(rules & bank->asked)))
		return rules;
	if (rules & bank->owned)
		rules &= ebb_rules_owner(live, f, bank, ports, p);
	if (rules & -rules & bank->no_listener && !ebb_is_unwanted(f, p))
		rules &= ~bank->no_listener;
	return rules;
}

/* `ports`: source and destination, in wire order, as the tables have them. */
static __always_inline void ebb_walk_dport(const struct ebb_bank *bank, const __be16 *ports, struct ebb_packet *p)
{
	const void *row = EBB_CLASS_ROW(bank, dport_class, ebb_be16(ports + 1));

	p->rules &= EBB_ROW_ENTRY(bank, dport, row);
	p->shield = EBB_ROW_ENTRY(bank, shield, row);
}

/*
 * The L4 header must lie inside the IP packet, not in the padding behind it. `len`: bytes of L4 in the IP packet, less
 * than 0 where that is cut short.
 */
static __always_inline bool ebb_udp_fits(const struct ebb_frame *f, const struct udphdr *udp, __s64 len)
{
	__s64 said = bpf_ntohs(udp->len);

	(void)f; /* of no use to XDP */
	return (said >= (__s64)sizeof(*udp) && said <= len) || EBB_GSO_SIZE(f->ctx);
}

static __always_inline bool ebb_tcp_fits(const struct tcphdr *tcp, __s64 len)
{
	__s64 header = tcp->doff * 4;

	return header >= (__s64)sizeof(*tcp) && header <= len;
}

static __always_inline void ebb_walk_flags(const struct ebb_bank *bank, const struct tcphdr *tcp, struct ebb_packet *p)
{
	const __u8 *flags = (const __u8 *)tcp + 13;
	__u64 shield = ebb_shield_tcp(ebb_byte(flags));

	p->rules &= EBB_ENTRY(bank, tcp_flags, ebb_byte(flags));
	if (EBB_UNLIKELY(shield))
		p->shield = shield;
}

static __always_inline int ebb_walk_l4(const struct ebb_frame *f, const struct ebb_bank *bank, bool ipv4,
				       __u64 fragment, __u64 zero, struct ebb_packet *p)
{
	__u64 len = p->l3_offset + p->l3_len - p->l4_offset;
	__u64 offset = p->l4_offset;
	void *l4;

	barrier_var(offset);
	if (offset > EBB_OFFSET_MAX)
		return EBB_R_MALFORMED;
	l4 = f->data + offset;
	if (fragment) {
		p->l4_offset = zero;
		p->shield = ebb_shield_proto(ipv4, p->proto, true) + zero;
		p->rules &= bank->any_ports;
		return -1;
	}
	if (p->proto == IPPROTO_UDP) {
		if (l4 + sizeof(struct udphdr) > f->end || !ebb_udp_fits(f, l4, len))
			return EBB_R_MALFORMED;
		ebb_walk_dport(bank, l4, p);
	} else if (p->proto == IPPROTO_TCP) {
		if (l4 + sizeof(struct tcphdr) > f->end || !ebb_tcp_fits(l4, len))
			return EBB_R_MALFORMED;
		ebb_walk_dport(bank, l4, p);
		ebb_walk_flags(bank, l4, p);
	} else {
		if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6) {
			struct ebb_icmp *icmp = l4;

			if ((void *)(icmp + 1) > f->end || len < (p->proto == IPPROTO_ICMP ? 8 : 4))
				return EBB_R_MALFORMED;
			p->shield = ebb_shield_icmp(ipv4, p->proto, icmp->type) + zero;
		} else {
			p->shield = ebb_shield_proto(ipv4, p->proto, false) + zero;
		}
		p->rules &= bank->any_ports;
	}
	return -1;
}

/* Of the sets, by delivery, the one for where the frame goes. */
static __always_inline __u64 ebb_rules_delivery(const __u64 *sets, const struct ethhdr *eth)
{
	if (EBB_LIKELY(!(eth->h_dest[0] & 1)))
		return EBB_APART(sets[EBB_UNICAST]);
	if ((ebb_be16(eth->h_dest) & ebb_be16(eth->h_dest + 2) & ebb_be16(eth->h_dest + 4)) == 0xffff)
		return EBB_APART(sets[EBB_BROADCAST]);
	return EBB_APART(sets[EBB_MULTICAST]);
}

/* The IP packet at `at`, which is l3_offset. */
static __always_inline int ebb_walk_ip(const struct ebb_live *live, const struct ebb_frame *f,
				       const struct ebb_bank *bank, void *at, bool ipv4,
				       struct ebb_packet *p)
{
	__u64 fragment, ah = 0;
	int bad;

	if (ipv4)
		bad = ebb_walk_ipv4(f, bank, at, p, &fragment);
	else
		bad = ebb_walk_ipv6(f, bank, at, live->zero, p, &fragment, &ah);
	if (bad >= 0)
		return bad;
	bad = ebb_walk_l4(f, bank, ipv4, fragment, live->zero, p);
	if (bad >= 0)
		return bad;
	if (!ipv4 && ah)
		p->shield = EBB_R_TUNNEL + live->zero;
	if (p->rules & bank->late)
		p->rules = ebb_rules_late(f, bank, at, ipv4, p);
	if (p->rules)
		p->rules = ebb_rules_rare(live, f, bank, at, ipv4, ebb_l4(f, p, 4), p);
	return -1;
}

/* A frame that begins with the IP header: its delivery can only be told from the address. */
static __always_inline int ebb_classify_raw(const struct ebb_live *live, const struct ebb_frame *f,
					    const struct ebb_bank *bank, struct ebb_packet *p)
{
	__u64 delivery = EBB_UNICAST;
	struct ipv6hdr *ipv6 = f->data;
	struct iphdr *ip = f->data;

	if ((void *)(ip + 1) > f->end)
		return EBB_R_MALFORMED;
	p->l3_offset = live->zero;
	if (ip->version == 4) {
		if (ip->daddr == 0xffffffff)
			delivery = EBB_BROADCAST;
		else if (ebb_is_group_ipv4(ip->daddr))
			delivery = EBB_MULTICAST;
		p->rules = bank->untagged[delivery];
		return ebb_walk_ip(live, f, bank, ip, true, p);
	}
	if (ip->version != 6 || (void *)(ipv6 + 1) > f->end)
		return EBB_R_MALFORMED;
	p->rules = bank->untagged[ipv6->daddr.s6_addr[0] == 0xff ? EBB_MULTICAST : EBB_UNICAST];
	return ebb_walk_ip(live, f, bank, ipv6, false, p);
}

/* Fills *p. Returns the reason why the packet cannot be judged and passes, or -1. */
static __always_inline int ebb_classify(const struct ebb_live *live, const struct ebb_frame *f,
					const struct ebb_bank *bank, struct ebb_packet *p)
{
	struct ethhdr *eth = f->data;
	__u64 zero = live->zero;
	void *at = eth + 1;
	__u64 offset = sizeof(*eth);
	__be16 type;
	bool tagged;

	if (f->raw_ip)
		return ebb_classify_raw(live, f, bank, p);
	if (at > f->end)
		return EBB_R_MALFORMED;
	p->rules = ebb_rules_delivery(bank->delivery, eth);
	type = ebb_be16(&eth->h_proto);
	tagged = EBB_TAG(f->ctx);
	if (tagged)
		p->rules &= ebb_rules_vlan(bank, EBB_TCI(f->ctx));
	for (int i = 0; i < EBB_VLAN_TAGS && type != bpf_htons(ETH_P_IP); i++) {
		struct ebb_vlan *tag = at;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (i == EBB_VLAN_TAGS - 1 && EBB_TAG(f->ctx)) /* the kernel took the first one out */
			break;
		at += sizeof(*tag);
		if (at > f->end)
			return EBB_R_MALFORMED;
		if (!tagged)
			p->rules &= ebb_rules_vlan(bank, bpf_ntohs(tag->tci));
		tagged = true;
		type = ebb_be16(&tag->proto);
		offset += sizeof(*tag);
	}
	if (!tagged)
		p->rules = ebb_rules_delivery(bank->untagged, eth);
	p->l3_offset = offset + zero;
	if (type == bpf_htons(ETH_P_IP))
		return ebb_walk_ip(live, f, bank, at, true, p);
	if (type == bpf_htons(ETH_P_IPV6))
		return ebb_walk_ip(live, f, bank, at, false, p);
	p->shield = (type == bpf_htons(ETH_P_ARP) ? EBB_R_ARP : EBB_R_ETHERTYPE) + zero;
	p->rules &= bank->any_ip & EBB_RULES16(bank, ethertype, EBB_INDEX(bpf_ntohs(type), 0xffff));
	p->l3_len = p->l4_offset = p->proto = zero;
	return -1;
}

#endif
