/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Stands behind Ebb on tcx ingress and counts the requests that go on to the stack. It knows nothing of Ebb. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "witness.h"

__u64 seen[WITNESS_KINDS] = {0};

SEC("tc")
int witness(struct __sk_buff *skb)
{
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct iphdr ip;
	__u8 type;
	__u32 kind;

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)))
		return TC_ACT_UNSPEC;
	if (eth.h_proto == bpf_htons(ETH_P_ARP)) {
		kind = WITNESS_ARP;
	} else if (eth.h_proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, sizeof(eth), &ip, sizeof(ip)) || ip.protocol != IPPROTO_ICMP ||
		    bpf_skb_load_bytes(skb, sizeof(eth) + ip.ihl * 4, &type, 1) || type != 8)
			return TC_ACT_UNSPEC;
		kind = WITNESS_ECHO4;
	} else if (eth.h_proto == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, sizeof(eth), &ip6, sizeof(ip6)) || ip6.nexthdr != IPPROTO_ICMPV6 ||
		    bpf_skb_load_bytes(skb, sizeof(eth) + sizeof(ip6), &type, 1) || (type != 128 && type != 135))
			return TC_ACT_UNSPEC;
		kind = type == 128 ? WITNESS_ECHO6 : WITNESS_ND;
	} else {
		return TC_ACT_UNSPEC;
	}
	__sync_fetch_and_add(&seen[kind], 1);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
