/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The bounded cursor: from a frame to the fields that rules can name.
 *
 * 1. Each step checks that its header is there, advances, and returns it or NULL.
 * 2. Lengths of the headers are believed only where the frame has the bytes.
 * 3. Anything that contradicts itself or is cut short is malformed: it passes.
 * 4. A fragment has no ports: it is judged by its L3 fields only.
 * 5. The verifier follows every way through the parser to the program's end. So what a way
 *    has set to constants is made unknown again (EBB_FORGET) where the ways meet, and they merge.
 *
 * The hook defines EBB_CTX, its context: struct xdp_md or struct __sk_buff.
 */
#ifndef EBB_PACKET_H
#define EBB_PACKET_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

#define EBB_VLAN_TAGS	 2 /* 802.1ad outside 802.1Q */
#define EBB_IPV6_HEADERS 6 /* RFC 8200 names five kinds, each at most twice in practice */

#define ETH_P_8021Q_BE	bpf_htons(ETH_P_8021Q)
#define ETH_P_8021AD_BE bpf_htons(ETH_P_8021AD)

#define IPV6_HOP_BY_HOP	 0
#define IPV6_ROUTING	 43
#define IPV6_FRAGMENT	 44
#define IPV6_AH		 51
#define IPV6_DESTINATION 60

/* What the hook hands over. The headers must lie in [data, end); len may be more (TC). */
struct ebb_frame {
	EBB_CTX *ctx;
	void *data;
	void *end;
	__u32 len;	/* whole frame, bytes from data */
	__u32 tag_len;	/* VLAN tag that the kernel took out of the frame, bytes */
	__u32 gso_size; /* TCP or UDP payload of one segment of a GRO packet; 0: one datagram */
	__u32 segments; /* datagrams in it, at least 1 */
};

enum ebb_family { EBB_NO_IP, EBB_IPV4, EBB_IPV6 };

struct ebb_packet {
	__u8 family; /* enum ebb_family */
	__u8 delivery;
	__u8 proto;
	__u8 fragment; /* yes or no */
	__u8 has_ports;
	__u8 icmp_type;
	__u8 tcp_flags;	 /* FIN 1, SYN 2, RST 4 */
	__u16 ethertype; /* this and the ports: host order */
	__u16 sport, dport;
	__u16 udp_len;
	__u16 l4_header; /* TCP or UDP header, bytes; 0: no ports */
	__u32 l3_offset, l4_offset;
	__u32 l3_len;	/* bytes of the IP packet in the frame: header and payload, no padding */
	__u32 length;	/* the same of one datagram: what `length` rules see */
	__u32 src[4], dst[4]; /* network order; IPv4 uses the first */
};

/* `zero` comes from a map, so the verifier does not know that nothing changes. */
#define EBB_FORGET(field, zero)               \
	do {                                  \
		(field) += (zero);            \
		asm volatile("" : "+r"(field)); \
	} while (0)

struct ebb_cursor {
	void *at;
	void *end;
};

static __always_inline void *ebb_take(struct ebb_cursor *c, __u64 size)
{
	void *header = c->at;

	if (header + size > c->end)
		return NULL;
	c->at = header + size;
	return header;
}

struct ebb_vlan {
	__be16 tci;
	__be16 proto;
};

struct ebb_icmp {
	__u8 type;
	__u8 code;
	__be16 check;
};

struct ebb_ipv6_extension {
	__u8 next;
	__u8 len; /* of 8 bytes, without the first 8; AH: of 4 bytes, without the first 8 */
	__be16 fragment; /* fragment header: offset, 2 bits reserved, M */
	__be32 id;
};

/* TCP flags by their place in byte 13 of the header. */
#define EBB_TCP_CONTROL 0x07 /* FIN, SYN, RST */

/* The L4 header must lie inside the IP packet, not in the padding behind it. Returns an ebb_reason, or -1. */
static __always_inline int ebb_parse_l4(const struct ebb_frame *f, struct ebb_packet *p)
{
	__u64 len = p->l3_offset + p->l3_len - p->l4_offset; /* bytes of L4 in the IP packet */
	__u64 offset = p->l4_offset;
	void *l4;

	barrier_var(offset);
	if (offset > 0x7fff)
		return EBB_R_MALFORMED;
	l4 = f->data + offset;
	if (p->proto == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;

		if ((void *)(tcp + 1) > f->end || tcp->doff < 5 || tcp->doff * 4UL > len)
			return EBB_R_MALFORMED;
		p->tcp_flags = ((__u8 *)tcp)[13];
		p->l4_header = tcp->doff * 4;
	} else if (p->proto == IPPROTO_UDP) {
		struct udphdr *udp = l4;

		if ((void *)(udp + 1) > f->end)
			return EBB_R_MALFORMED;
		p->udp_len = bpf_ntohs(udp->len);
		if ((p->udp_len < sizeof(*udp) || p->udp_len > len) && !f->gso_size)
			return EBB_R_MALFORMED;
		p->l4_header = sizeof(*udp);
	} else if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6) {
		struct ebb_icmp *icmp = l4;

		if ((void *)(icmp + 1) > f->end || len < (p->proto == IPPROTO_ICMP ? 8 : 4))
			return EBB_R_MALFORMED;
		p->icmp_type = icmp->type;
		return -1;
	} else {
		return -1;
	}
	p->has_ports = true;
	p->sport = bpf_ntohs(*(__be16 *)l4);
	p->dport = bpf_ntohs(*(__be16 *)(l4 + 2));
	return -1;
}

static __always_inline int ebb_parse_ipv4(const struct ebb_frame *f, struct ebb_cursor *c, struct ebb_packet *p)
{
	__u64 room = f->len - p->l3_offset;
	struct iphdr *ip = ebb_take(c, sizeof(*ip));
	__u64 header, total;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return EBB_R_MALFORMED;
	header = ip->ihl * 4;
	/* A GRO packet's own length field may be zero (BIG TCP): it fills the frame. */
	total = f->gso_size ? room : bpf_ntohs(ip->tot_len);
	if (total < header || total > room)
		return EBB_R_MALFORMED;
	c->at = (void *)ip + header;
	if (c->at > c->end)
		return EBB_R_MALFORMED;
	p->family = EBB_IPV4;
	p->proto = ip->protocol;
	p->src[0] = ip->saddr;
	p->dst[0] = ip->daddr;
	p->l3_len = total;
	p->length = total;
	p->l4_offset = p->l3_offset + header;
	p->fragment = (ip->frag_off & bpf_htons(0x3fff)) != 0; /* MF or offset */
	return -1;
}

static __always_inline bool ebb_is_extension(__u8 next)
{
	return next == IPV6_HOP_BY_HOP || next == IPV6_ROUTING || next == IPV6_FRAGMENT || next == IPV6_AH ||
	       next == IPV6_DESTINATION;
}

/* Where the walk over the extension headers ended, in 31 bits. */
#define EBB_WALK_PROTO(walk)	((walk) & 0xff)
#define EBB_WALK_FRAGMENT(walk) ((walk) >> 8 & 1)
#define EBB_WALK_OFFSET(walk)	((walk) >> 16 & 0x7fff) /* of what follows, from the frame's begin */
#define EBB_WALK(proto, fragment, offset) ((int)((proto) | (fragment) << 8 | (offset) << 16))

/*
 * Follows the extension headers from `at`, where one of kind `kind` begins, to `l3_end` at most. Returns an EBB_WALK, or -1 - reason.
 * A global function: the verifier checks it once, by itself, and only packets that have such headers pay the call.
 */
__noinline int ebb_walk_extensions(EBB_CTX *ctx, __u32 at, __u32 kind, __u32 l3_end)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 offset = at;
	__u8 next = kind;

	for (int i = 0; i < EBB_IPV6_HEADERS; i++) {
		struct ebb_ipv6_extension *x;

		barrier_var(offset);
		if (offset > 0x7000)
			return -1 - EBB_R_MALFORMED;
		x = data + offset;
		if ((void *)(x + 1) > end || offset + sizeof(*x) > l3_end)
			return -1 - EBB_R_MALFORMED;
		if (next == IPV6_FRAGMENT) {
			offset += sizeof(*x);
			/* offset or M; with neither it is atomic: a whole packet */
			if (x->fragment & bpf_htons(0xfff9))
				return EBB_WALK(x->next, 1, offset);
		} else {
			offset += next == IPV6_AH ? (x->len + 2UL) * 4 : (x->len + 1UL) * 8;
		}
		next = x->next;
		if (!ebb_is_extension(next))
			return EBB_WALK(next, 0, offset);
	}
	return -1 - EBB_R_UNPARSED;
}

static __always_inline int ebb_parse_ipv6(const struct ebb_frame *f, struct ebb_cursor *c, struct ebb_packet *p)
{
	__u64 room = f->len - p->l3_offset;
	struct ipv6hdr *ip = ebb_take(c, sizeof(*ip));
	__u64 total, l4 = p->l3_offset + sizeof(*ip);

	if (!ip || ip->version != 6)
		return EBB_R_MALFORMED;
	total = f->gso_size ? room : sizeof(*ip) + (__u64)bpf_ntohs(ip->payload_len);
	if (total > room)
		return EBB_R_MALFORMED;
	p->family = EBB_IPV6;
	__builtin_memcpy(p->src, &ip->saddr, sizeof(p->src));
	__builtin_memcpy(p->dst, &ip->daddr, sizeof(p->dst));
	p->l3_len = total;
	p->length = total;
	p->proto = ip->nexthdr;
	if (ebb_is_extension(p->proto)) {
		int walk = ebb_walk_extensions(f->ctx, l4, p->proto, p->l3_offset + total);

		if (walk < 0)
			return -1 - walk;
		p->proto = EBB_WALK_PROTO(walk);
		p->fragment = EBB_WALK_FRAGMENT(walk);
		l4 = EBB_WALK_OFFSET(walk);
	}
	p->l4_offset = l4;
	if (l4 > p->l3_offset + total)
		return EBB_R_MALFORMED;
	return -1;
}

/* Fills *p, which is zero. Returns the reason why the packet cannot be judged and passes, or -1. */
static __always_inline int ebb_parse(const struct ebb_frame *f, struct ebb_packet *p, __u64 zero)
{
	struct ebb_cursor c = {.at = f->data, .end = f->end};
	struct ethhdr *eth = ebb_take(&c, sizeof(*eth));
	__be16 proto;
	int bad = -1;

	if (!eth)
		return EBB_R_MALFORMED;
	p->delivery = EBB_UNICAST;
	if (eth->h_dest[0] & 1) {
		__u32 high = *(__u32 *)eth->h_dest;
		__u16 low = *(__u16 *)(eth->h_dest + 4);

		p->delivery = high == 0xffffffff && low == 0xffff ? EBB_BROADCAST : EBB_MULTICAST;
	}
	proto = eth->h_proto;
	p->l3_offset = sizeof(*eth);
	for (int i = 0; i < EBB_VLAN_TAGS; i++) {
		struct ebb_vlan *tag;

		if (proto != ETH_P_8021Q_BE && proto != ETH_P_8021AD_BE)
			break;
		if (i == EBB_VLAN_TAGS - 1 && f->tag_len) /* the kernel took the first one out */
			break;
		tag = ebb_take(&c, sizeof(*tag));
		if (!tag)
			return EBB_R_MALFORMED;
		proto = tag->proto;
		p->l3_offset += sizeof(*tag);
	}
	p->ethertype = bpf_ntohs(proto);
	EBB_FORGET(p->l3_offset, zero);
	EBB_FORGET(p->delivery, zero);
	if (p->ethertype == ETH_P_IP)
		bad = ebb_parse_ipv4(f, &c, p);
	else if (p->ethertype == ETH_P_IPV6)
		bad = ebb_parse_ipv6(f, &c, p);
	if (bad >= 0 || p->family == EBB_NO_IP)
		return bad;
	EBB_FORGET(p->l4_offset, zero);
	EBB_FORGET(p->family, zero);
	EBB_FORGET(p->fragment, zero);
	if (!p->fragment) {
		bad = ebb_parse_l4(f, p);
		if (bad >= 0)
			return bad;
	}
	EBB_FORGET(p->has_ports, zero);
	EBB_FORGET(p->l4_header, zero);
	EBB_FORGET(p->icmp_type, zero);
	EBB_FORGET(p->tcp_flags, zero);
	EBB_FORGET(p->udp_len, zero);
	EBB_FORGET(p->sport, zero);
	EBB_FORGET(p->dport, zero);
	if (f->gso_size)
		p->length = p->l4_offset - p->l3_offset + p->l4_header + f->gso_size;
	return -1;
}

#endif
