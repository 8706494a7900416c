/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Sender and judge of prove-banks.
 *
 * banks_send, run by BPF_PROG_TEST_RUN with live frames, writes one UDP datagram
 * over IPv6 and sends it out of a veth. Frames are used again, so every header
 * byte is written each time. banks_count stands behind Ebb, on TC ingress of the
 * other end, and knows nothing of Ebb: it counts frames by their length.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "banks.h"

#define MARK 0xeb /* in the source MAC: the frames of this test */

__u32 out_ifindex = 0;
__u64 sent = 0; /* frames handed to the veth */
__u64 lengths[BANKS_LENGTHS] = {0};

struct headers {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct udphdr udp;
} __attribute__((packed));

SEC("xdp")
int banks_send(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;

	if ((void *)(h + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memset(h, 0, sizeof(*h));
	h->eth.h_dest[0] = 2;
	h->eth.h_source[0] = 2;
	h->eth.h_source[5] = MARK;
	h->eth.h_proto = bpf_htons(ETH_P_IPV6);
	h->ip.version = 6;
	h->ip.payload_len = bpf_htons(sizeof(h->udp) + BANKS_PAYLOAD);
	h->ip.nexthdr = IPPROTO_UDP;
	h->ip.hop_limit = 64;
	h->ip.saddr.in6_u.u6_addr32[0] = bpf_htonl(0x20010db8); /* 2001:db8::1 -> 2001:db8::2 */
	h->ip.saddr.in6_u.u6_addr32[3] = bpf_htonl(1);
	h->ip.daddr.in6_u.u6_addr32[0] = bpf_htonl(0x20010db8);
	h->ip.daddr.in6_u.u6_addr32[3] = bpf_htonl(2);
	h->udp.source = bpf_htons(BANKS_SPORT);
	h->udp.dest = bpf_htons(BANKS_DPORT);
	h->udp.len = bpf_htons(sizeof(h->udp) + BANKS_PAYLOAD);
	h->udp.check = 0x3333; /* nobody looks */
	sent++;
	return bpf_redirect(out_ifindex, 0);
}

SEC("tc")
int banks_count(struct __sk_buff *skb)
{
	struct ethhdr *eth = (void *)(long)skb->data;

	if ((void *)(eth + 1) > (void *)(long)skb->data_end || eth->h_source[5] != MARK)
		return TC_ACT_SHOT;
	__sync_fetch_and_add(&lengths[skb->len & (BANKS_LENGTHS - 1)], 1);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
