/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Shortening a UDP datagram: the new length and checksum fields.
 *
 * The checksum is updated by what was cut and by the lengths (RFC 1624), never
 * computed afresh: a corrupt datagram stays corrupt. Sums are kept in the byte
 * order of the packet, as 16-bit words from the UDP header on.
 *
 * Each hook wraps this in a global function, which the verifier checks once, by
 * itself, instead of once for every way through the parser.
 */
#ifndef EBB_TRIM_H
#define EBB_TRIM_H

#include "packet.h"
#include "tables.h"

/* Frames beyond this are not trimmed: the checksum of the cut is read in 64 steps of 256 bytes. */
#define EBB_TRIM_FRAME 16384
/* An IP header begins before this. */
#define EBB_TRIM_L3 64

struct ebb_trim {
	bool ipv4;
	__be16 l3_len;	/* IPv4 total length or IPv6 payload length */
	__u16 ip_check; /* IPv4 */
	__be16 udp_len;
	__u16 udp_check;
};

static __always_inline __u16 ebb_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* One's complement update of a checksum for a 16-bit word that changes from `old` to `new`. */
static __always_inline __u64 ebb_replace(__u64 sum, __u16 old, __u16 new)
{
	return sum + (__u16)~old + new;
}

#define EBB_SUM_STEP(bytes)                                                 \
	do {                                                                \
		void *at_ = data + offset;                                  \
		if (at_ + (bytes) > end)                                    \
			return -1;                                          \
		sum = bpf_csum_diff(NULL, 0, at_, bytes, sum);              \
		offset += (bytes);                                          \
		left -= (bytes);                                            \
		barrier_var(offset);                                        \
		if (offset > EBB_TRIM_FRAME)                                \
			return -1;                                          \
	} while (0)

/* The sum of frame bytes [offset, offset + left), offset even from the UDP header on; -1: not readable. */
static __always_inline __s64 ebb_sum(void *data, void *end, __u64 offset, __u64 left)
{
	__u32 sum = 0;
	__u8 *byte;

	if (offset > EBB_TRIM_FRAME)
		return -1;
	for (int i = 0; i < EBB_TRIM_FRAME / 256; i++) {
		if (left < 256)
			break;
		EBB_SUM_STEP(256);
	}
	if (left & 128)
		EBB_SUM_STEP(128);
	if (left & 64)
		EBB_SUM_STEP(64);
	if (left & 32)
		EBB_SUM_STEP(32);
	if (left & 16)
		EBB_SUM_STEP(16);
	if (left & 8)
		EBB_SUM_STEP(8);
	if (left & 4)
		EBB_SUM_STEP(4);
	byte = data + offset;
	if (left >= 2) {
		if ((void *)(byte + 2) > end)
			return -1;
		sum = ebb_fold((__u64)sum + *(__u16 *)byte);
		byte += 2;
	}
	if (left & 1) {
		if ((void *)(byte + 1) > end)
			return -1;
		sum = ebb_fold((__u64)sum + bpf_htons(*byte << 8));
	}
	return sum;
}

/*
 * The fields of the UDP datagram at `l3` and `l4` once only `payload` bytes are left. 0, or -1: leave it alone.
 * The caller knows that it is whole and plain: its UDP length is what the IP header leaves.
 */
static __always_inline int ebb_trim_fields(void *data, void *end, __u64 l3, __u64 l4, __u64 payload,
					   struct ebb_trim *t)
{
	struct udphdr *udp;
	struct iphdr *ip;
	__u64 sum = 0, cut, shorter;
	__s64 rest;

	if (l3 >= EBB_TRIM_L3 || l4 >= EBB_TRIM_FRAME || payload >= EBB_TRIM_FRAME)
		return -1;
	l3 = EBB_INDEX(l3, EBB_TRIM_L3 - 1);
	l4 = EBB_INDEX(l4, EBB_TRIM_FRAME - 1);
	payload = EBB_INDEX(payload, EBB_TRIM_FRAME - 1);
	udp = data + l4;
	ip = data + l3;
	if ((void *)(udp + 1) > end || (void *)(ip + 1) > end)
		return -1;
	cut = l4 + sizeof(*udp) + payload;
	shorter = bpf_ntohs(udp->len) - sizeof(*udp) - payload;
	if (payload & 1) { /* begins in the middle of a word: its low byte */
		__u8 *byte = data + cut;

		if ((void *)(byte + 1) > end)
			return -1;
		sum = bpf_htons(*byte);
		cut++;
		shorter--;
	}
	rest = ebb_sum(data, end, cut, shorter);
	if (rest < 0)
		return -1;
	sum = ebb_fold(sum + rest);

	t->udp_len = bpf_htons(sizeof(*udp) + payload);
	t->udp_check = udp->check;
	if (udp->check) { /* 0: no checksum */
		/* the length stands in the header and in the pseudo header */
		__u64 check = (__u16)~udp->check + (__u16)~sum;

		check = ebb_replace(check, udp->len, t->udp_len);
		check = ebb_replace(check, udp->len, t->udp_len);
		t->udp_check = ~ebb_fold(check);
		if (!t->udp_check)
			t->udp_check = 0xffff;
	}
	t->ipv4 = ip->version == 4;
	t->l3_len = bpf_htons(l4 - l3 + sizeof(*udp) + payload - (t->ipv4 ? 0 : sizeof(struct ipv6hdr)));
	t->ip_check = ~ebb_fold(ebb_replace((__u16)~ip->check, ip->tot_len, t->l3_len));
	return 0;
}

#endif
