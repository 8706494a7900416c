/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Does a local socket want this packet?
 *
 * 1. Asked only where a rule with listener = "none" would win, or a SYN would be dropped.
 * 2. The answer is kept per flow, in a set of four ways. A flow is known by 64 bits of a hash with secret keys (NH of
 *    UMAC, RFC 4418, two independent ones): nobody can make two flows meet.
 * 3. An answer ends with its time, and at once when a socket binds or listens (ebb_live.epoch).
 */
#ifndef EBB_SOCKETS_H
#define EBB_SOCKETS_H

#include "maps.h"
#include "packet.h"

#define EBB_FLOW_WORDS 10 /* two IPv6 addresses, ports, protocol */

struct ebb_flow {
	__u32 word[EBB_FLOW_WORDS];
};

static __always_inline __u64 ebb_flow_hash(const struct ebb_flow *flow, const __u32 *key, int words)
{
	__u64 hash = 0;

#pragma unroll
	for (int i = 0; i < EBB_FLOW_WORDS; i += 2)
		if (i < words)
			hash += (__u64)(flow->word[i] + key[i]) * (__u32)(flow->word[i + 1] + key[i + 1]);
	return hash;
}

static __always_inline bool ebb_look_up(EBB_CTX *ctx, struct bpf_sock_tuple *tuple, __u32 size, bool tcp)
{
	struct bpf_sock *socket = tcp ? bpf_skc_lookup_tcp(ctx, tuple, size, BPF_F_CURRENT_NETNS, 0) :
					bpf_sk_lookup_udp(ctx, tuple, size, BPF_F_CURRENT_NETNS, 0);

	if (!socket)
		return false;
	bpf_sk_release(socket);
	return true;
}

/*
 * 1: a socket wants the TCP or UDP packet with these headers; 0: none does; -1: not readable.
 * A global function: the verifier checks it once.
 */
__noinline int ebb_wanted(EBB_CTX *ctx, __u32 l3, __u32 l4, __u32 proto)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 l3_offset = l3, l4_offset = l4;
	struct bpf_sock_tuple tuple = {};
	struct ebb_socket *free = NULL;
	struct ebb_flow flow = {};
	struct ebb_socket_set *set;
	__u64 hash, spread;
	bool ipv4, found;
	__u32 now, slot, *ports;
	int words;

	barrier_var(l3_offset);
	barrier_var(l4_offset);
	if (l3_offset > 64 || l4_offset > EBB_OFFSET_MAX)
		return -1;
	ports = data + l4_offset;
	if (!l4 || (void *)(ports + 1) > end || data + l3_offset + 1 > end)
		return -1;
	ipv4 = *(__u8 *)(data + l3_offset) >> 4 == 4;
	if (ipv4) {
		struct iphdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		flow.word[0] = tuple.ipv4.saddr = ip->saddr;
		flow.word[1] = tuple.ipv4.daddr = ip->daddr;
		flow.word[2] = *ports;
		flow.word[3] = proto | 0x400;
		tuple.ipv4.sport = ((__be16 *)ports)[0];
		tuple.ipv4.dport = ((__be16 *)ports)[1];
		words = 4;
	} else {
		struct ipv6hdr *ip = data + l3_offset;

		if ((void *)(ip + 1) > end)
			return -1;
		__builtin_memcpy(tuple.ipv6.saddr, &ip->saddr, 16);
		__builtin_memcpy(tuple.ipv6.daddr, &ip->daddr, 16);
		__builtin_memcpy(flow.word, &ip->saddr, 32);
		flow.word[8] = *ports;
		flow.word[9] = proto;
		tuple.ipv6.sport = ((__be16 *)ports)[0];
		tuple.ipv6.dport = ((__be16 *)ports)[1];
		words = 10;
	}
	hash = ebb_flow_hash(&flow, ebb_live.key, words);
	spread = ebb_flow_hash(&flow, ebb_live.key + 12, words);
	spread ^= spread >> 32;
	slot = spread & ebb_live.socket_sets;
	now = bpf_jiffies64();
	set = bpf_map_lookup_elem(&ebb_sockets, &slot);
	if (!set || !hash)
		return -1;
#pragma unroll
	for (int i = 0; i < EBB_SOCKET_WAYS; i++) {
		struct ebb_socket *way = &set->way[i];
		bool fresh = now - way->since < ebb_live.cache_ttl && way->epoch == (__u16)ebb_live.epoch;

		if (fresh && way->flow == hash)
			return way->found;
		if (!fresh || way->flow == hash)
			free = way;
	}
	if (!free)
		free = &set->way[EBB_INDEX(spread >> 16, EBB_SOCKET_WAYS - 1)];
	free->epoch = ebb_live.epoch; /* before the lookup: what changes meanwhile ends it */
	if (ipv4)
		found = ebb_look_up(ctx, &tuple, sizeof(tuple.ipv4), proto == IPPROTO_TCP);
	else
		found = ebb_look_up(ctx, &tuple, sizeof(tuple.ipv6), proto == IPPROTO_TCP);
	free->flow = hash;
	free->since = now;
	free->found = found;
	return found;
}

#endif
