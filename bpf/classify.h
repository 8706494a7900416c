/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The classifier: one walk over the headers.
 *
 * 1. Each field selects, in the bank, the set of rules that accept it, and the sets are
 *    ANDed while the header is at hand. No helper, no loop over rules, nothing stored.
 *    The rarer fields come last, and only if a rule that names one of them still stands.
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
#include "tables.h"

/* `plain`: these bytes are there, and the header is of version 4 and without options. */
#define EBB_PLAIN (sizeof(struct iphdr) + sizeof(struct udphdr))

static __always_inline int ebb_walk_ipv4(const struct ebb_frame *f, const struct ebb_bank *bank, struct iphdr *h,
					 bool plain, struct ebb_packet *p, __u64 *fragment)
{
	__u64 room = f->len - p->l3_offset, header = sizeof(*h);

	if (!plain) {
		__u64 options;

		if ((void *)(h + 1) > f->end)
			return EBB_R_MALFORMED;
		options = *(__u8 *)h - 0x45ULL; /* version 4, and words of header beyond 5 */
		if (options > 10)
			return EBB_R_MALFORMED;
		header += options * 4;
	}
	/* A GRO packet's own length field may be zero (BIG TCP): it fills the frame. */
	p->l3_len = EBB_GSO_SIZE(f->ctx) ? room : bpf_ntohs(h->tot_len);
	if (p->l3_len < header || p->l3_len > room)
		return EBB_R_MALFORMED;
	p->proto = h->protocol;
	*fragment = h->frag_off & bpf_htons(0x3fff); /* MF or offset */
	p->l4_offset = p->l3_offset + header;
	p->rules &= bank->ipv4 & EBB_RULES_DSCP(bank, (__u64)((__u8 *)h)[1] << 1);
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
	p->rules &= bank->ipv6 & EBB_RULES_DSCP(bank, (__u64)bpf_ntohs(*(__be16 *)h) >> 3);
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
	return -1;
}

/* Of an IP packet that was classified. */
static __always_inline bool ebb_is_ipv4(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u64 offset = p->l3_offset;

	barrier_var(offset);
	return offset <= 64 && f->data + offset + 1 <= f->end && *(__u8 *)(f->data + offset) >> 4 == 4;
}

/* The TCP or UDP header of a classified packet, or NULL. For the rare packet that is trimmed, steered or a GRO one. */
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

/* `to`: where a unicast packet goes. `ours`: is the IP address; `group`: it is for many. */
static __always_inline __u64 ebb_rules_to(const struct ebb_live *live, const struct ebb_frame *f,
					  const struct ebb_bank *bank, bool ours, bool group)
{
	struct ethhdr *eth = f->data;

	if (f->raw_ip ? group : (void *)(eth + 1) > f->end || !ebb_is_to_our_mac(live, eth))
		return bank->to[EBB_TO_ALL];
	return ours ? bank->to[EBB_TO_US] : bank->to[EBB_TO_FORWARDED];
}

/* The service that owns the destination port, where that can be known. */
static __always_inline __u64 ebb_rules_owner(const struct ebb_live *live, const struct ebb_frame *f,
					     const struct ebb_bank *bank, const struct ebb_packet *p)
{
	const struct ebb_iface *iface = &live->iface[EBB_INDEX(EBB_IFINDEX(f->ctx), EBB_IFACES - 1)];
	__be16 *ports = ebb_l4(f, p, 4);
	__u64 owner = live->zero;

	if (ports && iface->flags & EBB_IF_SOCKETS && live->owners_known == live->owners_epoch)
		owner = live->owner[EBB_INDEX(p->proto == IPPROTO_UDP, 1)][EBB_INDEX(bpf_ntohs(ports[1]), 0xffff)];
	return bank->owner[EBB_INDEX(owner, EBB_OWNERS - 1)];
}

/*
 * The rules that still stand after the larger tables and the rarer fields, which come last, and only while a rule
 * stands that names one of them. `at`: the IP header.
 */
static __always_inline __u64 ebb_rules_late(const struct ebb_live *live, const struct ebb_frame *f,
					    const struct ebb_bank *bank, const void *at, bool ipv4,
					    const struct ebb_packet *p)
{
	/* `length` is that of one datagram, not of the GRO packet */
	__u64 length = EBB_GSO_SIZE(f->ctx) ? p->l4_offset - p->l3_offset + ebb_l4_header(f, p) + EBB_GSO_SIZE(f->ctx) : p->l3_len;
	__u64 rules = EBB_RULES16(bank, length, length) & p->rules;

	if (ipv4) {
		const struct iphdr *h = at;

		rules &= EBB_RULES_IPV4(bank->ipv4_src, h->saddr);
		rules &= EBB_RULES_IPV4(bank->ipv4_dst, h->daddr);
		if (rules & bank->aimed)
			rules &= ebb_rules_to(live, f, bank, ebb_is_our_ipv4(live, h->daddr), ebb_is_group_ipv4(h->daddr));
	} else {
		const struct ipv6hdr *h = at;

		rules &= EBB_RULES_IPV6(bank, ipv6_src, &h->saddr);
		rules &= EBB_RULES_IPV6(bank, ipv6_dst, &h->daddr);
		if (rules & bank->aimed)
			rules &= ebb_rules_to(live, f, bank, ebb_is_our_ipv6(live, (const __u32 *)&h->daddr),
					      h->daddr.s6_addr[0] == 0xff);
	}
	if (rules & bank->owned)
		rules &= ebb_rules_owner(live, f, bank, p);
	return rules;
}

/* The L4 header must lie inside the IP packet, not in the padding behind it. */
static __always_inline int ebb_walk_l4(const struct ebb_frame *f, const struct ebb_bank *bank, bool ipv4, bool plain,
				       __u64 fragment, __u64 zero, struct ebb_packet *p)
{
	__u64 len = p->l3_offset + p->l3_len - p->l4_offset; /* bytes of L4 in the IP packet */
	__u64 offset = p->l4_offset;
	const void *row;
	__u64 dport; /* wire order, as the tables have it */
	void *l4;

	if (!plain)
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
		struct udphdr *udp = l4;
		__u64 said;

		if (!plain && (void *)(udp + 1) > f->end)
			return EBB_R_MALFORMED;
		said = bpf_ntohs(udp->len);
		if ((said < sizeof(*udp) || said > len) && !EBB_GSO_SIZE(f->ctx))
			return EBB_R_MALFORMED;
		dport = udp->dest;
		p->shield = zero;
	} else if (p->proto == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;
		__u64 header, flags;

		if ((void *)(tcp + 1) > f->end)
			return EBB_R_MALFORMED;
		header = tcp->doff * 4;
		if (header < sizeof(*tcp) || header > len)
			return EBB_R_MALFORMED;
		dport = tcp->dest;
		flags = ((__u8 *)tcp)[13];
		p->rules &= EBB_ENTRY(bank, tcp_flags, EBB_INDEX(flags, 0xff));
		p->shield = ebb_shield_tcp(flags) + zero;
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
		return -1;
	}
	row = EBB_CLASS_ROW(bank, dport_class, EBB_INDEX(dport, 0xffff));
	p->rules &= EBB_ROW_ENTRY(bank, dport, row);
	if (p->rules & bank->sported) /* rare, and new flows would draw one line of the table after another */
		p->rules &= EBB_RULES16(bank, sport, *(__be16 *)l4);
	if (!p->shield)
		p->shield = EBB_ROW_ENTRY(bank, shield, row);
	return -1;
}

/* One load: struct ethhdr is packed, and clang would read it byte by byte. */
static __always_inline __be16 ebb_be16(const void *at)
{
	return *(volatile const __be16 *)at;
}

/* The IP packet at `at`, which is l3_offset. `plain`: its offsets are constants (ebb_classify). */
static __always_inline int ebb_walk_ip(const struct ebb_live *live, const struct ebb_frame *f,
				       const struct ebb_bank *bank, void *at, bool ipv4, bool plain,
				       struct ebb_packet *p)
{
	__u64 fragment, ah = 0;
	int bad;

	if (ipv4)
		bad = ebb_walk_ipv4(f, bank, at, plain, p, &fragment);
	else
		bad = ebb_walk_ipv6(f, bank, at, live->zero, p, &fragment, &ah);
	if (bad >= 0)
		return bad;
	p->rules &= EBB_ENTRY(bank, proto, EBB_INDEX(p->proto, 0xff));
	bad = ebb_walk_l4(f, bank, ipv4, plain, fragment, live->zero, p);
	if (bad >= 0)
		return bad;
	if (plain) { /* no more */
		p->l3_offset += live->zero;
		p->l4_offset += live->zero;
	}
	if (!ipv4 && ah)
		p->shield = EBB_R_TUNNEL + live->zero;
	if (p->rules & bank->late)
		p->rules = ebb_rules_late(live, f, bank, at, ipv4, p);
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
	p->rules = bank->untagged;
	if (ip->version == 4) {
		if (ip->daddr == 0xffffffff)
			delivery = EBB_BROADCAST;
		else if (ebb_is_group_ipv4(ip->daddr))
			delivery = EBB_MULTICAST;
		p->rules &= bank->delivery[delivery];
		return ebb_walk_ip(live, f, bank, ip, true, false, p);
	}
	if (ip->version != 6 || (void *)(ipv6 + 1) > f->end)
		return EBB_R_MALFORMED;
	p->rules &= bank->delivery[ipv6->daddr.s6_addr[0] == 0xff ? EBB_MULTICAST : EBB_UNICAST];
	return ebb_walk_ip(live, f, bank, ipv6, false, false, p);
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
	p->rules = bank->delivery[EBB_UNICAST];
	if (eth->h_dest[0] & 1) {
		bool all = (ebb_be16(eth->h_dest) & ebb_be16(eth->h_dest + 2) & ebb_be16(eth->h_dest + 4)) == 0xffff;

		p->rules = bank->delivery[all ? EBB_BROADCAST : EBB_MULTICAST];
	}
	type = ebb_be16(&eth->h_proto);
	tagged = EBB_TAG(f->ctx);
	/* Nearly every packet. Where its headers are is known without a look: fewer instructions, and fewer registers. */
	if (type == bpf_htons(ETH_P_IP) && !tagged && at + EBB_PLAIN <= f->end && *(__u8 *)at == 0x45) {
		p->rules &= bank->untagged;
		p->l3_offset = offset;
		return ebb_walk_ip(live, f, bank, at, true, true, p);
	}
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
		p->rules &= bank->untagged;
	p->l3_offset = offset + zero;
	if (type == bpf_htons(ETH_P_IP))
		return ebb_walk_ip(live, f, bank, at, true, false, p);
	if (type == bpf_htons(ETH_P_IPV6))
		return ebb_walk_ip(live, f, bank, at, false, false, p);
	p->shield = (type == bpf_htons(ETH_P_ARP) ? EBB_R_ARP : EBB_R_ETHERTYPE) + zero;
	p->rules &= bank->any_ip & EBB_RULES16(bank, ethertype, bpf_ntohs(type));
	p->l3_len = p->l4_offset = p->proto = zero;
	return -1;
}

#endif
