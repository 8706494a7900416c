/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The last drops, for `agentctl why-dropped`: nothing that Ebb did is invisible. */
#ifndef EBB_REMEMBER_H
#define EBB_REMEMBER_H

#include "maps.h"
#include "packet.h"
#include "tables.h"

/*
 * `offsets`: l3 and l4 << 16. `what`: protocol, rule << 8, class slot << 16, verdict << 24. A global function: the
 * verifier checks it once, and only drops pay for it.
 */
__noinline int ebb_remember(EBB_CTX *ctx, __u32 offsets, __u32 word, __u32 what)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 l3 = offsets & 0xffff, l4 = offsets >> 16;
	struct ebb_drops *drops;
	struct ebb_drop *drop;
	__u32 zero = 0;
	__be16 *ports;
	bool ipv4;

	drops = bpf_map_lookup_elem(&ebb_drops, &zero);
	if (!drops)
		return 0;
	barrier_var(l3);
	if (l3 > 64 || data + l3 + sizeof(struct iphdr) > end)
		return 0;
	ipv4 = *(__u8 *)(data + l3) >> 4 == 4;
	drop = &drops->drop[EBB_INDEX(drops->next, EBB_DROPS - 1)];
	drop->jiffies = bpf_jiffies64();
	drop->ifindex = EBB_IFINDEX(ctx);
	drop->word = word;
	drop->length = EBB_LEN(ctx);
	drop->ethertype = ipv4 ? ETH_P_IP : ETH_P_IPV6;
	drop->proto = what;
	drop->rule = what >> 8;
	drop->class_slot = what >> 16;
	drop->verdict = what >> 24;
	drop->sport = drop->dport = 0;
	__builtin_memset(drop->src, 0, sizeof(drop->src) + sizeof(drop->dst));
	if (ipv4) {
		struct iphdr *ip = data + l3;

		drop->src[0] = ip->saddr;
		drop->dst[0] = ip->daddr;
	} else if (data + l3 + sizeof(struct ipv6hdr) <= end) {
		struct ipv6hdr *ip = data + l3;

		__builtin_memcpy(drop->src, &ip->saddr, 16);
		__builtin_memcpy(drop->dst, &ip->daddr, 16);
	}
	ports = data + EBB_INDEX(l4, EBB_OFFSET_MAX);
	if (l4 && l4 <= EBB_OFFSET_MAX && (drop->proto == IPPROTO_TCP || drop->proto == IPPROTO_UDP) &&
	    (void *)(ports + 2) <= end) {
		drop->sport = ports[0];
		drop->dport = ports[1];
	}
	drops->next++;
	return 0;
}

#endif
