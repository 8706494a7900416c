/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Programs of another tool, which Ebb must leave alone; also the baseline: a program that does nothing. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "foreign.h"

/* IPv4 datagrams by destination port, as the filters in front of Ebb and behind it see them. */
__u64 foreign_seen[FOREIGN_PLACES][FOREIGN_PORTS] = {0};

static __always_inline int count(struct __sk_buff *skb, __u32 place)
{
	__u8 protocol;
	__u32 index;
	__u16 port;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, 23, &protocol, 1) ||
	    protocol != IPPROTO_UDP || bpf_skb_load_bytes(skb, 36, &port, 2))
		return TC_ACT_UNSPEC;
	index = bpf_ntohs(port) - (__u32)FOREIGN_FIRST_PORT;
	if (index < FOREIGN_PORTS)
		__sync_fetch_and_add(&foreign_seen[place][index], 1);
	return TC_ACT_UNSPEC;
}

SEC("xdp")
int foreign_xdp(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("tc")
int foreign_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int foreign_front(struct __sk_buff *skb)
{
	return count(skb, FOREIGN_FRONT);
}

SEC("tc")
int foreign_behind(struct __sk_buff *skb)
{
	return count(skb, FOREIGN_BEHIND);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
