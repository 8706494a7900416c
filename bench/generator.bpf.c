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
 *    classifier looks at, so no part of its work overlaps with the reads. Nor with
 *    the next packet's: the time is taken from the target's begin to there, by a
 *    clock that waits for all loads (x86 and arm64 order its reads), and the reads,
 *    20 times as long, are left out.
 * 3. The next packet is written into the frame. It is computed from its number, not read from a table, which would
 *    take the place of the target's own data in the L2 cache; and with stores as wide as any load of it, or the load
 *    would wait for them, as for no packet that a card has written.
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
__u8 swept[GENERATOR_SWEEP] = {0};
__u32 next = 0;
__u64 failures = 0;
__u64 begun = 0; /* when the last target began; 0: none has */
__u64 spent = 0; /* nanoseconds from there to the next packet, of so many swept packets: */
__u64 spans = 0;

/* TCP and UDP share the places of their ports; UDP's length and checksum lie in TCP's sequence number. */
struct l4 {
	__be32 ports;
	__be16 udp_len, udp_check;
	__be32 ack;
	__be16 tcp_flags; /* with the header's length; they lie in UDP's payload */
};

static __always_inline __u64 sweep(void)
{
	__u64 sum = 0;

#pragma unroll 8
	for (__u32 i = 0; i < GENERATOR_SWEEP; i += 64)
		sum += *(volatile __u64 *)(swept + i);
	return sum;
}

/* 64 bits that look random, different for different numbers (splitmix64). */
static __always_inline __u64 scatter(__u64 number)
{
	number = (number + 1) * 0x9e3779b97f4a7c15ULL;
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9ULL;
	number = (number ^ number >> 27) * 0x94d049bb133111ebULL;
	return number ^ number >> 31;
}

/* An unprivileged port that is not one of a tunnel, which would be protected; from 16 bits. */
static __always_inline __be16 port_of(__u32 bits)
{
	__u32 port = 1024 + ((bits & 0xffff) * 64000 >> 16);

	return bpf_htons(port == 4500 || port == 51820 ? port + 1 : port);
}

/*
 * 10.0.0.0/8 or 2001:db8::/32 -> 192.0.2.0/24 or 2001:db8:ffff::/48, half of them UDP.
 * 0, or -1 where the frame is too short.
 */
static __always_inline int generate(void *data, void *end)
{
	__u64 now = settings.sweep ? bpf_ktime_get_ns() : 0;
	__u64 count = next++, flow = scatter(settings.flows ? count & (settings.flows - 1) : count);
	__u16 l3_len = settings.l3_len;
	struct ethhdr *eth = data;
	__u8 proto = IPPROTO_UDP;
	struct l4 *l4;
	__u32 zero = 0;

	if (data + sizeof(*eth) + sizeof(struct ipv6hdr) + 20 > end)
		return -1;
	if (settings.kind != GENERATOR_IPV4_UDP && flow * 0xd6e8feb86659fd93ULL >> 63)
		proto = IPPROTO_TCP;
	if (settings.sweep) {
		if (begun && now - begun < GENERATOR_SPAN) {
			spent += now - begun;
			spans++;
		}
		zero = sweep();
	}
	*(__be16 *)eth->h_dest = bpf_htons(0x0200) + zero;
	*(__be32 *)(eth->h_dest + 2) = zero;
	if (settings.kind == GENERATOR_IPV6) {
		struct ipv6hdr *ip = (void *)(eth + 1);
		__u64 more = scatter(flow);

		eth->h_proto = bpf_htons(ETH_P_IPV6) + zero;
		*(__be32 *)ip = bpf_htonl(0x60000000) + zero;
		ip->payload_len = bpf_htons(l3_len - sizeof(*ip)) + zero;
		ip->nexthdr = proto + zero;
		ip->saddr.in6_u.u6_addr32[0] = ip->daddr.in6_u.u6_addr32[0] = bpf_htonl(0x20010db8) + zero;
		ip->saddr.in6_u.u6_addr32[1] = bpf_htonl(flow & 0xffff) + zero;
		ip->saddr.in6_u.u6_addr32[2] = (more >> 32) + zero;
		ip->saddr.in6_u.u6_addr32[3] = more + zero;
		ip->daddr.in6_u.u6_addr32[1] = bpf_htonl(0xffff0000) + zero;
		ip->daddr.in6_u.u6_addr32[2] = zero;
		ip->daddr.in6_u.u6_addr32[3] = bpf_htonl(flow >> 16 & 0xff) + zero;
		l4 = (void *)(ip + 1);
		l4->udp_len = ip->payload_len;
	} else {
		struct iphdr *ip = (void *)(eth + 1);

		eth->h_proto = bpf_htons(ETH_P_IP) + zero;
		*(__u8 *)ip = 0x45 + zero;
		ip->tot_len = bpf_htons(l3_len) + zero;
		ip->frag_off = bpf_htons(0x4000) + zero;
		ip->protocol = proto + zero;
		ip->saddr = bpf_htonl(10u << 24 | (flow & 0xffffff)) + zero;
		ip->daddr = bpf_htonl(0xc0000200 | (flow >> 24 & 0xff)) + zero;
		l4 = (void *)(ip + 1);
		l4->udp_len = bpf_htons(l3_len - sizeof(*ip)) + zero;
	}
	l4->ports = (port_of(flow >> 32) | (__u32)port_of(flow >> 48) << 16) + zero;
	l4->udp_check = 0x3333; /* any but 0: its update costs the same */
	l4->tcp_flags = bpf_htons(0x5010) + zero; /* 5 words, ACK */
	if (settings.sweep)
		begun = bpf_ktime_get_ns();
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

/* What a socket condition cannot do without where nothing is cached: asking the kernel. IPv4. */
SEC("xdp")
int lookup_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct l4 *l4 = (void *)(ip + 1);
	struct bpf_sock_tuple tuple;
	struct bpf_sock *socket;

	if ((void *)(l4 + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	tuple.ipv4.saddr = ip->saddr;
	tuple.ipv4.daddr = ip->daddr;
	__builtin_memcpy(&tuple.ipv4.sport, &l4->ports, 4);
	socket = ip->protocol == IPPROTO_TCP ?
			 bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0) :
			 bpf_sk_lookup_udp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (socket)
		bpf_sk_release(socket);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
