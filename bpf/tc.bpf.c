/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Ingress on TC, for interfaces without native XDP: the same verdict on an skb.
 *
 * The verdict is TC_ACT_UNSPEC, never TC_ACT_OK, which would hide the filters
 * behind this one. Steering is only counted: the RPS mask moved the packet before.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define EBB_CTX		 struct __sk_buff
#define EBB_IFINDEX(ctx) ((ctx)->ifindex)
#include "treat.h"

/* Headers that may lie outside the skb's linear part: Ethernet, 2 tags, IPv6 with extensions, TCP. */
#define EBB_HEADERS 256

static __always_inline int store16(struct __sk_buff *skb, __u32 offset, __u16 value)
{
	/* keeps a CHECKSUM_COMPLETE sum true */
	return bpf_skb_store_bytes(skb, offset, &value, sizeof(value), BPF_F_RECOMPUTE_CSUM);
}

/* Cuts the UDP datagram at `l3` and `l4` down to `payload` bytes. 0, or -1: the packet is as it was. */
__noinline int ebb_trim_tc(struct __sk_buff *skb, __u32 l3, __u32 l4, __u32 payload)
{
	struct ebb_trim t;

	if (bpf_skb_pull_data(skb, skb->len) ||
	    ebb_trim_fields((void *)(long)skb->data, (void *)(long)skb->data_end, l3, l4, payload, &t) ||
	    bpf_skb_change_tail(skb, l4 + sizeof(struct udphdr) + payload, 0))
		return -1;
	store16(skb, l4 + offsetof(struct udphdr, len), t.udp_len);
	store16(skb, l4 + offsetof(struct udphdr, check), t.udp_check);
	if (t.ipv4) {
		store16(skb, l3 + offsetof(struct iphdr, tot_len), t.l3_len);
		store16(skb, l3 + offsetof(struct iphdr, check), t.ip_check);
	} else {
		store16(skb, l3 + offsetof(struct ipv6hdr, payload_len), t.l3_len);
	}
	return 0;
}

static __always_inline int trim_skb(struct __sk_buff *skb, const struct ebb_packet *p,
				    const struct ebb_judgement *j)
{
	if (j->cut_payload)
		return ebb_trim_tc(skb, p->l3_offset, p->l4_offset, j->payload);
	return bpf_skb_change_tail(skb, j->keep, 0);
}

SEC("tc")
int ebb_tc_ingress(struct __sk_buff *skb)
{
	struct ebb_counters *counters = ebb_counters_here();
	struct ebb_frame frame = {
		.ctx = skb,
		.len = skb->len,
		.tag_len = skb->vlan_present ? sizeof(struct ebb_vlan) : 0,
		.gso_size = skb->gso_size,
		.segments = 1,
	};
	struct ebb_judgement j;
	struct ebb_packet p;
	int action = TC_ACT_UNSPEC;

	if (!counters)
		return TC_ACT_UNSPEC;
	if (skb->gso_segs > 1)
		frame.segments = skb->gso_segs;
	if (skb->data_end - skb->data < EBB_HEADERS && skb->data_end - skb->data < skb->len)
		bpf_skb_pull_data(skb, skb->len < EBB_HEADERS ? skb->len : EBB_HEADERS);
	frame.data = (void *)(long)skb->data;
	frame.end = (void *)(long)skb->data_end;
	if (!ebb_judge(&ebb_live, counters, &frame, &p, &j))
		return TC_ACT_UNSPEC;
	if (j.enforce && j.drop) {
		action = TC_ACT_SHOT;
	} else if (j.enforce && j.trim && trim_skb(skb, &p, &j)) {
		j.trim = false;
		j.reason = EBB_R_FAILED;
	}
	ebb_count_judged(counters, &frame, &j);
	return action;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
