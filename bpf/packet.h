/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The frame and its headers, and what is learnt on the way.
 *
 * 1. Each step checks that its header is there before it reads it.
 * 2. Lengths in headers are believed only where the frame has the bytes.
 * 3. Anything that contradicts itself or is cut short is malformed: it passes.
 *
 * The hook defines, before it includes this:
 *   EBB_CTX		its context (struct xdp_md or struct __sk_buff)
 *   EBB_IFINDEX(ctx)	interface
 *   EBB_LEN(ctx)	bytes of the frame
 *   EBB_TAG(ctx)	is there a VLAN tag that the kernel took out of the frame
 *   EBB_TCI(ctx)	its tag control information
 *   EBB_GSO_SIZE(ctx)	TCP or UDP payload of one segment of a GRO packet; 0: one datagram
 *   EBB_SEGMENTS(ctx)	datagrams in it, at least 1
 *   EBB_GOES_ON	action for a packet that passes
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
#define EBB_IPV6_HEADERS 6 /* RFC 8200 names five kinds; more of them is nobody's ordinary packet */
#define EBB_OFFSET_MAX	 0x7fff /* of a header from the frame's begin: bounds pointers for the verifier */

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
	__u64 len;   /* whole frame, bytes from data */
	bool raw_ip; /* no Ethernet header: tun, ppp, WireGuard. A constant of the program */
};

/* What the walk over the headers leaves behind; as little as can be, since every word of it costs the walk. */
struct ebb_packet {
	__u64 rules;	 /* that accept every field of it */
	__u64 shield;	 /* enum ebb_reason: why it is protected; 0: it is not */
	__u64 l3_offset; /* of the headers, from the frame's begin */
	__u64 l3_len;	 /* bytes of the IP packet in the frame: header and payload, no padding */
	__u64 l4_offset; /* 0: not IP, or a fragment */
	__u64 proto;	 /* 0: not IP */
};

struct ebb_vlan {
	__be16 tci;
	__be16 proto;
};

/* Bytes of the tag that the kernel took out. */
#define EBB_TAG_LEN(ctx) (EBB_TAG(ctx) ? sizeof(struct ebb_vlan) : 0)

struct ebb_icmp {
	__u8 type;
	__u8 code;
	__be16 check;
};

struct ebb_ipv6_extension {
	__u8 next;
	__u8 len;	 /* of 8 bytes, without the first 8; AH: of 4 bytes, without the first 8 */
	__be16 fragment; /* fragment header: offset, 2 bits reserved, M */
	__be32 id;
};

static __always_inline bool ebb_is_extension(__u8 next)
{
	return next == IPV6_HOP_BY_HOP || next == IPV6_ROUTING || next == IPV6_FRAGMENT || next == IPV6_AH ||
	       next == IPV6_DESTINATION;
}

/* Where the walk over the extension headers ended, in 31 bits. */
#define EBB_WALK_PROTO(walk)	((walk) & 0xff)
#define EBB_WALK_FRAGMENT(walk) ((walk) >> 8 & 1)
#define EBB_WALK_AH(walk)	((walk) >> 9 & 1) /* an authentication header was among them */
#define EBB_WALK_OFFSET(walk)	((walk) >> 16 & EBB_OFFSET_MAX) /* of what follows, from the frame's begin */
#define EBB_WALK(proto, fragment, ah, offset) ((int)((proto) | (fragment) << 8 | (ah) << 9 | (offset) << 16))

/*
 * Follows the extension headers from `at`, where one of kind `kind` begins, to `l3_end` at most.
 * Returns an EBB_WALK, or -1 - reason. A global function: the verifier checks it once, by itself,
 * and only packets that have such headers pay the call.
 */
__noinline int ebb_walk_extensions(EBB_CTX *ctx, __u32 at, __u32 kind, __u32 l3_end)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 offset = at, ah = 0;
	__u8 next = kind;

	for (int i = 0; i < EBB_IPV6_HEADERS; i++) {
		struct ebb_ipv6_extension *x;

		barrier_var(offset);
		if (offset > EBB_OFFSET_MAX - 4096)
			return -1 - EBB_R_MALFORMED;
		x = data + offset;
		if ((void *)(x + 1) > end || offset + sizeof(*x) > l3_end)
			return -1 - EBB_R_MALFORMED;
		if (next == IPV6_FRAGMENT) {
			offset += sizeof(*x);
			/* offset or M; with neither it is atomic: a whole packet */
			if (x->fragment & bpf_htons(0xfff9))
				return EBB_WALK(x->next, 1, ah, offset);
		} else {
			offset += next == IPV6_AH ? (x->len + 2UL) * 4 : (x->len + 1UL) * 8;
		}
		if (offset > l3_end)
			return -1 - EBB_R_MALFORMED;
		ah |= next == IPV6_AH;
		next = x->next;
		if (!ebb_is_extension(next))
			return EBB_WALK(next, 0, ah, offset);
	}
	return -1 - EBB_R_UNPARSED;
}

#endif
