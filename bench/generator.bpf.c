/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The packet generator of prove-price.
 *
 * BPF_PROG_TEST_RUN repeats one program on one packet, which suits caches and
 * branch predictors too well. So the program under test is tail-called from here:
 *
 * 1. What the last repeat cut off the frame is given back.
 * 2. "Swept": 64 KiB are read, more than the L1 cache holds. The sum of what was
 *    read (zero, which nobody but user space knows) goes into every byte that a
 *    classifier looks at, so no part of its work overlaps with the reads.
 * 3. The next packet is written into the frame.
 * 4. The target, a bare pass among them, runs by tail call.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "generator.h"

struct targets {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, GENERATOR_TARGETS);
	__type(key, __u32);
	__type(value, __u32);
};
struct targets xdp_targets SEC(".maps");
struct targets tc_targets SEC(".maps");

struct generator_settings settings = {0};
struct generated packets[GENERATOR_KINDS][GENERATOR_PACKETS] = {0};
__u8 swept[GENERATOR_SWEEP] = {0};
__u32 next = 0;
__u64 failures = 0;

/* TCP and UDP share the places of their ports; UDP's length and checksum lie in TCP's sequence number. */
struct l4 {
	__be16 sport, dport;
	__be16 udp_len, udp_check;
};

static __always_inline __u64 sweep(void)
{
	__u64 sum = 0;

#pragma unroll 8
	for (__u32 i = 0; i < GENERATOR_SWEEP; i += 64)
		sum += *(volatile __u64 *)(swept + i);
	return sum;
}

/* 0, or -1 where the frame is too short. */
static __always_inline int generate(void *data, void *end)
{
	__u64 count = next++;
	__u64 number = count & ((settings.flows ?: GENERATOR_PACKETS) - 1) & (GENERATOR_PACKETS - 1);
	__u32 fresh = settings.flows ? 0 : count;
	const struct generated *g;
	struct ethhdr *eth = data;
	struct l4 *l4;
	__u32 zero = 0;
	__u16 l3_len = settings.l3_len;

	if (data + sizeof(*eth) + sizeof(struct ipv6hdr) + 20 > end)
		return -1;
	if (settings.sweep)
		zero = sweep();
	eth->h_dest[0] = 2 + zero;
	if (settings.kind == GENERATOR_IPV6) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		g = &packets[GENERATOR_IPV6][number];
		eth->h_proto = bpf_htons(ETH_P_IPV6) + zero;
		*(__be32 *)ip = bpf_htonl(0x60000000) + zero;
		ip->payload_len = bpf_htons(l3_len - sizeof(*ip)) + zero;
		ip->nexthdr = g->proto + zero;
#pragma unroll
		for (int i = 0; i < 8; i++)
			((__u32 *)&ip->saddr)[i] = g->address[i] + zero;
		l4 = (void *)(ip + 1);
		l4->udp_len = ip->payload_len;
	} else {
		struct iphdr *ip = (void *)(eth + 1);

		g = settings.kind == GENERATOR_IPV4 ? &packets[GENERATOR_IPV4][number] :
						      &packets[GENERATOR_IPV4_UDP][number];
		eth->h_proto = bpf_htons(ETH_P_IP) + zero;
		*(__u8 *)ip = 0x45 + zero;
		ip->tot_len = bpf_htons(l3_len) + zero;
		ip->frag_off = bpf_htons(0x4000) + zero;
		ip->protocol = g->proto + zero;
		ip->saddr = (g->address[0] ^ bpf_htonl(fresh & 0xffffff)) + zero;
		ip->daddr = g->address[1] + zero;
		l4 = (void *)(ip + 1);
		l4->udp_len = bpf_htons(l3_len - sizeof(*ip)) + zero;
	}
	l4->sport = g->sport + zero;
	l4->dport = g->dport + zero;
	l4->udp_check = 0x3333; /* any but 0: its update costs the same */
	*((__u8 *)l4 + 12) = 0x50 + zero; /* TCP: header of 5 words */
	*((__u8 *)l4 + 13) = 0x10 + zero; /* and ACK; both lie in UDP's payload */
	return 0;
}

SEC("xdp")
int generator_xdp(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;

	if (length != settings.frame && bpf_xdp_adjust_tail(ctx, settings.frame - length))
		goto failed;
	if (generate((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		goto failed;
	bpf_tail_call(ctx, &xdp_targets, settings.target);
failed:
	failures++;
	return XDP_ABORTED;
}

SEC("tc")
int generator_tc(struct __sk_buff *skb)
{
	if (generate((void *)(long)skb->data, (void *)(long)skb->data_end))
		goto failed;
	bpf_tail_call(skb, &tc_targets, settings.target);
failed:
	failures++;
	return TC_ACT_SHOT;
}

SEC("xdp")
int bare_xdp(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("tc")
int bare_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

/* What a trim cannot do without: the cut itself, 448 bytes, and giving it back. */
SEC("xdp")
int cut_xdp(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_tail(ctx, -448) ? XDP_ABORTED : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
