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

#define EBB_CTX		  struct __sk_buff
#define EBB_IFINDEX(ctx)  ((ctx)->ifindex)
#define EBB_LEN(ctx)	  ((ctx)->len)
#define EBB_TAG(ctx)	  ((ctx)->vlan_present)
#define EBB_TCI(ctx)	  ((ctx)->vlan_tci)
#define EBB_GSO_SIZE(ctx) ((ctx)->gso_size)
#define EBB_SEGMENTS(ctx) ((ctx)->gso_segs > 1 ? (__u64)(ctx)->gso_segs : 1)
#define EBB_GOES_ON	  TC_ACT_UNSPEC
#include "treat.h"

/* Headers that may lie outside the skb's linear part: Ethernet, 2 tags, IPv6 with extensions, TCP. */
#define EBB_HEADERS 256

/*
 * Are the headers of a plain TCP or UDP packet in the linear part? So the stack's own senders and nearly all drivers
 * hand it over. To pull more than the headers reallocates and copies the head of each large TCP packet, whose payload
 * lies in pages and whose head its sender keeps.
 */
static __always_inline bool ebb_is_plain_and_linear(const struct __sk_buff *skb, bool raw_ip)
{
	struct ipv6hdr *ipv6;
	struct iphdr *ip;
	void *data, *end;
	__u8 proto;

	barrier_var(skb); /* loads of its own: the caller's were cut to 32 bits for a difference, and are no pointers */
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	ip = data + (raw_ip ? 0 : sizeof(struct ethhdr));
	ipv6 = (void *)ip;
	if ((void *)(ip + 1) + sizeof(struct tcphdr) > end)
		return false;
	if (*(__u8 *)ip == 0x45 && (raw_ip || ((struct ethhdr *)data)->h_proto == bpf_htons(ETH_P_IP))) {
		proto = ip->protocol;
	} else {
		if ((void *)(ipv6 + 1) + sizeof(struct tcphdr) > end || *(__u8 *)ip >> 4 != 6 ||
		    (!raw_ip && ((struct ethhdr *)data)->h_proto != bpf_htons(ETH_P_IPV6)))
			return false;
		proto = ipv6->nexthdr;
	}
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

static __always_inline void ebb_read_frame(struct __sk_buff *skb, struct ebb_frame *f)
{
	if (skb->data_end - skb->data < EBB_HEADERS && skb->data_end - skb->data < skb->len &&
	    !ebb_is_plain_and_linear(skb, f->raw_ip))
		bpf_skb_pull_data(skb, skb->len < EBB_HEADERS ? skb->len : EBB_HEADERS);
	f->ctx = skb;
	f->data = (void *)(long)skb->data;
	f->end = (void *)(long)skb->data_end;
	f->len = skb->len;
}

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

/* A CHECKSUM_COMPLETE sum does not cover the Ethernet header. */
__noinline int ebb_answer(struct __sk_buff *skb, __u32 request, __u32 enforce)
{
	struct ebb_reply *reply;
	__u64 last;

	reply = ebb_make_reply(skb, request, skb->len);
	if (!reply)
		return 0;
	if (!enforce)
		return 1;
	if (reply->len != skb->len && bpf_skb_change_tail(skb, reply->len, 0))
		return -1;
	/* One less than what is stored, so that one comparison bounds it from both sides; kept apart from the sum, through
	 * which kernels before 6.18 do not see. */
	last = reply->size - ETH_HLEN - 1;
	barrier_var(last);
	if (last >= EBB_REPLY_MAX - ETH_HLEN)
		return -1;
	barrier_var(last);
	if (bpf_skb_store_bytes(skb, ETH_HLEN, EBB_REPLY_FRAME(reply) + ETH_HLEN, last + 1, BPF_F_RECOMPUTE_CSUM) ||
	    bpf_skb_store_bytes(skb, 0, EBB_REPLY_FRAME(reply), ETH_HLEN, 0))
		return -1;
	return 1;
}

static __always_inline int trim_skb(struct __sk_buff *skb, const struct ebb_packet *p,
				    const struct ebb_judgement *j)
{
	if (j->cut_payload)
		return ebb_trim_tc(skb, p->l3_offset, p->l4_offset, j->payload);
	return bpf_skb_change_tail(skb, j->keep, 0);
}

static __always_inline int ebb_carry_out(const struct ebb_frame *f, const struct ebb_packet *p,
					 struct ebb_judgement *j)
{
	if (j->drop || j->limit)
		return TC_ACT_SHOT;
	if (j->answer)
		return bpf_redirect(f->ctx->ifindex, 0);
	if (j->trim && trim_skb(f->ctx, p, j)) {
		j->trim = 0;
		j->reason = EBB_R_FAILED;
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ebb_tc_ingress(struct __sk_buff *skb)
{
	return ebb_ingress(skb, false);
}

/* The same for interfaces without an Ethernet header: tun, ppp, raw-IP modems, WireGuard. */
SEC("tc")
int ebb_tc_ingress_ip(struct __sk_buff *skb)
{
	return ebb_ingress(skb, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
