/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Does a local socket want this packet?
 *
 * 1. Asked only where a rule with listener = "none" would win, or a SYN would be dropped.
 * 2. The answer, but that about a SYN to be dropped, is kept per flow, in a set of eight words. A flow is known by a hash
 *    with secret keys (NH of UMAC, RFC 4418): two flows that somebody chose meet in one of 2^32 cases, and nobody can
 *    tell which.
 * 3. An answer ends with its time, and at once when a socket binds or listens (ebb_live.epoch).
 * 4. Where almost every packet is a new flow, a scan or a flood, the cache only costs once its sets are full: it is then
 *    left alone, but for one packet of 32. The first that is found, or has a place, ends the storm.
 */
#ifndef EBB_SOCKETS_H
#define EBB_SOCKETS_H

#include "maps.h"
#include "packet.h"
#include "tables.h"

/*
 * What is kept of a flow: 40 bits of its hash, the time and epoch of the answer, and in the lowest bit the answer. One
 * word, so no reader sees the half of two.
 */
#define EBB_FLOW_HASH  (~0ULL << 24)
#define EBB_FLOW_STAMP (~EBB_FLOW_HASH & ~1ULL)

/* Moves on with each second or less, and with each epoch; comes back after 2^23 of both: months. */
static __always_inline __u64 ebb_flow_stamp(void)
{
	return ((bpf_jiffies64() >> EBB_INDEX(ebb_live.cache_shift, 63)) + ebb_live.epoch) << 1 & EBB_FLOW_STAMP;
}

/* One pair of words of a flow; each pair has its own two keys. */
static __always_inline __u64 ebb_hash_pair(const __u32 *key, __u32 a, __u32 b)
{
	return (__u64)(a + key[0]) * (__u32)(b + key[1]);
}

#define EBB_FLOW_IPV4 0x400 /* beside the protocol: no flow of one family is one of the other */

#define EBB_STORM	 64 /* flows in a row that were not found, nor had a place */
#define EBB_STORM_SAMPLE 32 /* one packet of so many asks the cache all the same */

static __always_inline struct ebb_storm *ebb_storm_here(void)
{
	return &ebb_live.storm[EBB_INDEX(bpf_get_smp_processor_id(), EBB_STORMS - 1)];
}

/* A set of this CPU. */
static __always_inline struct ebb_socket_set *ebb_socket_set(__u32 number)
{
	__u32 index = bpf_get_smp_processor_id() * (ebb_live.socket_sets + 1) + number;

	return bpf_map_lookup_elem(&ebb_sockets, &index);
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

/* The headers of a TCP or UDP packet; one of `ipv4` and `ipv6` is NULL. */
struct ebb_headers {
	struct iphdr *ipv4;
	struct ipv6hdr *ipv6;
	__be16 *ports;
};

static __always_inline bool ebb_find_headers(EBB_CTX *ctx, __u32 l3, __u32 l4, struct ebb_headers *h)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 l3_offset = l3, l4_offset = l4;

	/* No further condition here: clang would test another register for both, and up to 6.12 the bound is lost. */
	barrier_var(l3_offset);
	barrier_var(l4_offset);
	if (l3_offset > 64 || l4_offset > EBB_OFFSET_MAX)
		return false;
	h->ports = data + l4_offset;
	h->ipv4 = data + l3_offset;
	h->ipv6 = data + l3_offset;
	if (!l4 || (void *)(h->ports + 2) > end || (void *)(h->ipv4 + 1) > end)
		return false;
	if (h->ipv4->version == 4) {
		h->ipv6 = NULL;
		return true;
	}
	h->ipv4 = NULL;
	return (void *)(h->ipv6 + 1) <= end;
}

/*
 * Asks the kernel. 1: a socket wants the TCP or UDP packet with these headers; 0: none does; -1: not readable.
 * A global function: the verifier checks it once, and a cached answer does not pay for the tuple.
 */
__noinline int ebb_ask_sockets(EBB_CTX *ctx, __u32 l3, __u32 l4, __u32 proto)
{
	struct bpf_sock_tuple tuple;
	struct ebb_headers h;

	if (!ebb_find_headers(ctx, l3, l4, &h))
		return -1;
	if (h.ipv4) {
		tuple.ipv4.saddr = h.ipv4->saddr;
		tuple.ipv4.daddr = h.ipv4->daddr;
		tuple.ipv4.sport = h.ports[0];
		tuple.ipv4.dport = h.ports[1];
		return ebb_look_up(ctx, &tuple, sizeof(tuple.ipv4), proto == IPPROTO_TCP);
	}
	__builtin_memcpy(tuple.ipv6.saddr, &h.ipv6->saddr, 16);
	__builtin_memcpy(tuple.ipv6.daddr, &h.ipv6->daddr, 16);
	tuple.ipv6.sport = h.ports[0];
	tuple.ipv6.dport = h.ports[1];
	return ebb_look_up(ctx, &tuple, sizeof(tuple.ipv6), proto == IPPROTO_TCP);
}

/*
 * The same, from the cache where it knows. `unknown`: the flows in a row, before this one, that it had no place for.
 *
 * A flow lies at its home in its set, or in the first place behind it that was free; once found there it changes places
 * with the flow at its home. All answers end together, with the stamp, so the first that has ended is where the search
 * ends, and the place for a new one. In a full set that is the last place.
 */
__noinline int ebb_wanted(EBB_CTX *ctx, __u32 l3, __u32 l4, __u32 proto, __u32 unknown)
{
	__u32 kind = proto;
	const __u32 *key = ebb_live.key;
	struct ebb_socket_set *set;
	__u64 hash, flow, *home, *place;
	struct ebb_headers h;
	int found, full = 1;

	if (!ebb_find_headers(ctx, l3, l4, &h))
		return -1;
	if (h.ipv4) {
		hash = ebb_hash_pair(key + 2, h.ipv4->saddr, h.ipv4->daddr);
		kind |= EBB_FLOW_IPV4;
	} else {
		const __u32 *address = (const __u32 *)&h.ipv6->saddr;

		hash = 0;
#pragma unroll
		for (int i = 0; i < 8; i += 2)
			hash += ebb_hash_pair(key + 2 + i, address[i], address[i + 1]);
	}
	hash += ebb_hash_pair(key, *(__u32 *)h.ports, kind);
	set = ebb_socket_set(hash >> 32 & ebb_live.socket_sets);
	if (!set)
		return -1;
	/*
	 * Multiplied: the high bits then depend on all of them. The stamp is taken before the kernel is asked: what changes
	 * meanwhile ends the answer.
	 */
	flow = (hash * 0x9e3779b97f4a7c15ULL & EBB_FLOW_HASH) | ebb_flow_stamp();
	place = home = (__u64 *)EBB_PLACE_AT(set, EBB_INDEX(hash >> 26, (EBB_SOCKET_WAYS - 1) * 8));
#pragma unroll
	for (int i = 0; i < EBB_SOCKET_WAYS; i++) {
		__u64 other;

		if (i)
			place = (__u64 *)EBB_PLACE_AT(set, EBB_INDEX((hash >> 26) + i * 8, (EBB_SOCKET_WAYS - 1) * 8));
		other = *place ^ flow;
		if (other <= 1) {
			if (unknown)
				ebb_storm_here()->unknown = 0;
			if (i) { /* the next packet finds it at the first look */
				*place = *home;
				*home = flow | other;
			}
			return other;
		}
		if (other & EBB_FLOW_STAMP) { /* free */
			full = 0;
			break;
		}
	}
	if (full)
		ebb_storm_here()->unknown++;
	else if (unknown)
		ebb_storm_here()->unknown = 0;
	found = ebb_ask_sockets(ctx, l3, l4, proto);
	if (found >= 0)
		*place = flow | found;
	return found;
}

/*
 * Can a lookup from here tell? A tagged packet belongs to another interface, whose sockets it would not find.
 */
static __always_inline bool ebb_knows_sockets(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u32 iface = ebb_live.iface[EBB_INDEX(EBB_IFINDEX(f->ctx), EBB_IFACES - 1)].flags;

	return iface & EBB_IF_SOCKETS && !EBB_TAG(f->ctx) && p->l3_offset <= sizeof(struct ethhdr);
}

/* Does no local socket want it? Where that cannot be known, the answer is no. */
static __always_inline bool ebb_is_unwanted(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u64 unknown;

	if (!ebb_knows_sockets(f, p))
		return false;
	unknown = ebb_storm_here()->unknown;
	if (!ebb_live.cache_shift || (unknown >= EBB_STORM && ++ebb_storm_here()->unknown % EBB_STORM_SAMPLE))
		return ebb_ask_sockets(f->ctx, p->l3_offset, p->l4_offset, p->proto) == 0;
	return ebb_wanted(f->ctx, p->l3_offset, p->l4_offset, p->proto, unknown) == 0;
}

#endif
