/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Answering from the hook what the stack would answer: ARP requests, neighbour solicitations and echo requests for an
 * own address of the interface.
 *
 * 1. Only the plain form is answered; everything else goes to the stack: address probes (DAD, ARP from 0.0.0.0),
 *    requests that name our own address as the sender, tags, IP options and extension headers, other ND options.
 * 2. The reply is the frame with a new begin, as Linux builds it: hop limit 64 (255 in ND), no "don't fragment", the
 *    flow label 0; a neighbour advertisement names its link address only if the solicitation was multicast.
 * 3. Echo checksums are updated by difference: a corrupt request gets a reply that its sender refuses. The checksum of
 *    a neighbour solicitation is verified, since the advertisement's is a new one.
 */
#ifndef EBB_ANSWER_H
#define EBB_ANSWER_H

#include "ours.h"
#include "tables.h"
#include "trim.h"

enum ebb_request {
	EBB_ASK_ARP,
	EBB_ASK_IPV4, /* ICMP behind a header without options */
	EBB_ASK_IPV6, /* ICMPv6 behind a header without extensions */
};

#define EBB_REPLY_MAX	86 /* Ethernet, IPv6, neighbour advertisement with one option */
#define EBB_ICMP_ECHO	8
#define EBB_ICMPV6_ECHO 128
#define EBB_ICMPV6_ND	135

struct ebb_arp {
	__be16 hardware, protocol;
	__u8 hardware_len, protocol_len;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

struct ebb_nd { /* solicitation and advertisement with one link address option */
	__u8 type, code;
	__u16 check;
	__be32 flags;
	__u32 target[4];
	__u8 option, option_len; /* of 8 bytes */
	__u8 mac[6];
};

/* How the frame goes back: its first `size` bytes are new, and `len` bytes of it stay. */
struct ebb_reply {
	__u16 pad; /* the headers behind Ethernet's are aligned so */
	__u8 mac[12];
	__be16 ethertype;
	union {
		struct ebb_arp arp;
		struct {
			struct iphdr ip;
			struct ebb_icmp icmp;
		} ipv4;
		struct {
			struct ipv6hdr ip;
			union {
				struct ebb_icmp icmp;
				struct ebb_nd nd;
			};
		} ipv6;
	};
	__u32 size;
	__u32 len;
};

/* Where a CPU builds its reply: with the callers' frames it is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_reply);
} ebb_reply SEC(".maps");

#define EBB_REPLY_FRAME(r) ((__u8 *)(r) + 2)

static __always_inline __u32 ebb_word(const void *at)
{
	const volatile __u16 *half = at;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return half[0] | (__u32)half[1] << 16;
#else
	return half[1] | (__u32)half[0] << 16;
#endif
}

static __always_inline void ebb_put_mac(__u8 *to, __u64 mac)
{
	__u16 word[3] = {mac, mac >> 16, mac >> 32};

	__builtin_memcpy(to, word, 6);
}

/* Unicast IPv4 addresses that can ask: neither 0/8, loopback nor 224/3. */
static __always_inline bool ebb_can_ask_ipv4(__u32 address)
{
	__u8 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224 && !ebb_is_our_ipv4(&ebb_live, &address);
}

static __always_inline bool ebb_can_ask_ipv6(const __u32 *address)
{
	bool none = !(address[0] | address[1] | address[2]); /* ::, ::1 and what is left of IPv4-compatible ones */

	return !none && (bpf_ntohl(address[0]) >> 24) != 0xff && !ebb_is_our_ipv6(&ebb_live, address);
}

static __always_inline bool ebb_reply_arp(const struct ebb_iface *iface, void *data, void *end, struct ebb_reply *r)
{
	struct ethhdr *eth = data;
	struct ebb_arp *arp = (void *)(eth + 1), *reply = &r->arp;
	__u32 sender, target;

	if ((void *)(arp + 1) > end || !(iface->flags & EBB_IF_ARP))
		return false;
	sender = ebb_word(arp->sender);
	target = ebb_word(arp->target);
	if (arp->hardware != bpf_htons(1) || arp->protocol != bpf_htons(ETH_P_IP) || arp->hardware_len != 6 ||
	    arp->protocol_len != 4 || arp->operation != bpf_htons(1))
		return false;
	if (!ebb_can_ask_ipv4(sender) || ebb_mac(arp->sender_mac) != ebb_mac(eth->h_source) ||
	    !ebb_answers_for(&ebb_live, iface->ifindex, &target, 1))
		return false;
	__builtin_memcpy(reply, arp, 6); /* hardware and protocol */
	reply->operation = bpf_htons(2);
	ebb_put_mac(reply->sender_mac, iface->mac);
	__builtin_memcpy(reply->sender, &target, 4);
	__builtin_memcpy(reply->target_mac, arp->sender_mac, 6);
	__builtin_memcpy(reply->target, &sender, 4);
	r->size = sizeof(*eth) + sizeof(*reply);
	return true;
}

static __always_inline bool ebb_reply_ipv4(const struct ebb_iface *iface, void *data, void *end, struct ebb_reply *r)
{
	struct iphdr *ip = data + sizeof(struct ethhdr), *reply = &r->ipv4.ip;
	struct ebb_icmp *icmp = (void *)(ip + 1), *back = &r->ipv4.icmp;
	__u32 source, target;

	if ((void *)(icmp + 1) > end || !(iface->flags & EBB_IF_ECHO4) || icmp->type != EBB_ICMP_ECHO || icmp->code)
		return false;
	*reply = *ip;
	source = reply->saddr;
	target = reply->daddr;
	if (!ebb_can_ask_ipv4(source) || !ebb_answers_for(&ebb_live, iface->ifindex, &target, 1))
		return false;
	reply->saddr = target;
	reply->daddr = source;
	reply->frag_off = 0;
	reply->ttl = 64;
	reply->check = ~ebb_fold(ebb_replace(ebb_replace((__u16)~ip->check, ip->frag_off, 0),
					     bpf_htons(ip->ttl << 8 | ip->protocol),
					     bpf_htons(64 << 8 | ip->protocol)));
	back->type = 0;
	back->code = 0;
	back->check = ~ebb_fold(ebb_replace((__u16)~icmp->check, bpf_htons(EBB_ICMP_ECHO << 8), 0));
	r->size = sizeof(struct ethhdr) + sizeof(r->ipv4);
	return true;
}

/* Sum of the pseudo header and of `size` bytes of ICMPv6; `addresses`: source and destination. */
static __always_inline __u64 ebb_sum_icmpv6(const void *addresses, const void *icmp, int size)
{
	__u64 sum = (__u32)bpf_csum_diff(NULL, 0, (void *)addresses, 32, 0);

	return sum + (__u32)bpf_csum_diff(NULL, 0, (void *)icmp, size, 0) + bpf_htons(size) + bpf_htons(IPPROTO_ICMPV6);
}

static __always_inline bool ebb_reply_nd(const struct ebb_iface *iface, void *data, void *end, struct ebb_reply *r)
{
	struct ethhdr *eth = data;
	struct ipv6hdr *ip = (void *)(eth + 1), *reply = &r->ipv6.ip;
	struct ebb_nd *ask = (void *)(ip + 1), *back = &r->ipv6.nd;
	bool multicast;

	/* Linux always sends its link address along: 32 bytes */
	if ((void *)(ask + 1) > end || !(iface->flags & EBB_IF_ND) || ip->payload_len != bpf_htons(sizeof(*ask)))
		return false;
	multicast = ip->daddr.s6_addr[0] == 0xff;
	if (ip->hop_limit != 255 || ask->code || ask->option != 1 || ask->option_len != 1 ||
	    ebb_mac(ask->mac) != ebb_mac(eth->h_source) || ask->mac[0] & 1)
		return false;
	__builtin_memcpy(back->target, ask->target, 16);
	if (!multicast && !ebb_same_ipv6((__u32 *)&ip->daddr, back->target))
		return false;
	if (!ebb_answers_for(&ebb_live, iface->ifindex, back->target, 4) ||
	    ebb_fold(ebb_sum_icmpv6(&ip->saddr, ask, sizeof(*ask))) != 0xffff)
		return false;
	reply->version = 6;
	reply->nexthdr = IPPROTO_ICMPV6;
	reply->hop_limit = 255;
	__builtin_memcpy(&reply->saddr, back->target, 16);
	__builtin_memcpy(&reply->daddr, &ip->saddr, 16);
	back->type = EBB_ICMPV6_ND + 1;
	/* R: router, S: solicited, O: override what the asker knew */
	back->flags = bpf_htonl((iface->flags & EBB_IF_ROUTER ? 0x80000000U : 0U) | 0x40000000U |
				(multicast ? 0x20000000U : 0U));
	if (multicast) {
		back->option = 2;
		back->option_len = 1;
		ebb_put_mac(back->mac, iface->mac);
	}
	reply->payload_len = bpf_htons(multicast ? 32 : 24);
	r->len = r->size = sizeof(*eth) + sizeof(*reply) + (multicast ? 32 : 24);
	/* what is not sent is zero and adds nothing to the sum */
	back->check = ~ebb_fold(ebb_sum_icmpv6(&reply->saddr, back, 32) - (multicast ? 0 : bpf_htons(32) - bpf_htons(24)));
	return true;
}

static __always_inline bool ebb_reply_ipv6(const struct ebb_iface *iface, void *data, void *end, struct ebb_reply *r)
{
	struct ipv6hdr *ip = data + sizeof(struct ethhdr), *reply = &r->ipv6.ip;
	struct ebb_icmp *icmp = (void *)(ip + 1), *back = &r->ipv6.icmp;
	__u32 address[4];

	if ((void *)(icmp + 1) > end)
		return false;
	__builtin_memcpy(address, &ip->saddr, 16);
	if (!ebb_can_ask_ipv6(address))
		return false;
	if (icmp->type == EBB_ICMPV6_ND)
		return ebb_reply_nd(iface, data, end, r);
	__builtin_memcpy(address, &ip->daddr, 16);
	if (((struct ethhdr *)data)->h_dest[0] & 1 || icmp->type != EBB_ICMPV6_ECHO || icmp->code ||
	    !(iface->flags & EBB_IF_ECHO6) ||
	    !ebb_answers_for(&ebb_live, iface->ifindex, address, 4))
		return false;
	*reply = *ip;
	reply->flow_lbl[0] &= 0xf0; /* half of the traffic class stands here */
	reply->flow_lbl[1] = reply->flow_lbl[2] = 0;
	reply->hop_limit = 64;
	__builtin_memcpy(&reply->saddr, address, 16);
	__builtin_memcpy(&reply->daddr, &ip->saddr, 16);
	back->type = EBB_ICMPV6_ECHO + 1;
	back->code = 0;
	back->check = ~ebb_fold(ebb_replace((__u16)~icmp->check, bpf_htons(EBB_ICMPV6_ECHO << 8),
					    bpf_htons((EBB_ICMPV6_ECHO + 1) << 8)));
	r->size = sizeof(struct ethhdr) + sizeof(*reply) + sizeof(*back);
	return true;
}

/* The reply to a request that may be answered here; NULL: it goes to the stack. `len`: of the frame, bytes. */
static __always_inline struct ebb_reply *ebb_make_reply(EBB_CTX *ctx, __u32 request, __u32 len)
{
	const struct ebb_iface *iface = &ebb_live.iface[EBB_INDEX(EBB_IFINDEX(ctx), EBB_IFACES - 1)];
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct ebb_reply *r;
	__u32 zero = 0;
	bool made;

	if ((void *)(eth + 1) > end || iface->ifindex != EBB_IFINDEX(ctx) || eth->h_source[0] & 1)
		return NULL;
	/* to us alone, but for ARP and ND, whose requests go to groups */
	if (!(eth->h_dest[0] & 1) ? ebb_mac(eth->h_dest) != iface->mac : request == EBB_ASK_IPV4)
		return NULL;
	r = bpf_map_lookup_elem(&ebb_reply, &zero);
	if (!r)
		return NULL;
	__builtin_memset(r, 0, sizeof(*r));
	r->len = len;
	if (request == EBB_ASK_ARP)
		made = ebb_reply_arp(iface, data, end, r);
	else if (request == EBB_ASK_IPV4)
		made = ebb_reply_ipv4(iface, data, end, r);
	else
		made = ebb_reply_ipv6(iface, data, end, r);
	if (!made)
		return NULL;
	__builtin_memcpy(r->mac, eth->h_source, 6);
	ebb_put_mac(r->mac + 6, iface->mac);
	r->ethertype = eth->h_proto;
	return r;
}

#endif
