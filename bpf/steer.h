/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The CPU that a flow's packets use in a power state. All packets of a flow get the same one. */
#ifndef EBB_STEER_H
#define EBB_STEER_H

#include "classify.h"
#include "maps.h"
#include "tables.h"

static __always_inline __u32 ebb_mix(__u32 hash, __u32 word)
{
	return hash * 0x9e3779b1 + word; /* 2^32 / golden ratio */
}

static __always_inline __u32 ebb_steer_cpu(const struct ebb_steer *steer, const struct ebb_frame *f,
					   const struct ebb_packet *p)
{
	__u64 l3 = p->l3_offset;
	__u32 *ports = ebb_l4(f, p, 4);
	__u32 hash = 0;
	void *at;

	barrier_var(l3);
	if (l3 > 64)
		return steer->cpu[0];
	at = f->data + l3;
	if (ebb_is_ipv4(f, p)) {
		if (at + sizeof(struct iphdr) <= f->end)
			hash = ebb_mix(((struct iphdr *)at)->saddr, ((struct iphdr *)at)->daddr);
	} else if (p->proto && at + sizeof(struct ipv6hdr) <= f->end) {
		__u32 *word = (__u32 *)&((struct ipv6hdr *)at)->saddr;

#pragma unroll
		for (int i = 0; i < 8; i++)
			hash = ebb_mix(hash, word[i]);
	}
	if (ports)
		hash = ebb_mix(hash, *ports);
	return steer->cpu[EBB_INDEX(hash * 0x9e3779b1 >> 20, EBB_STEER_SLOTS - 1)];
}

#endif
