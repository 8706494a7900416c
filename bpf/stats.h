/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Counting: packets and bytes per CPU, class and verdict, and the reason of every pass. */
#ifndef EBB_STATS_H
#define EBB_STATS_H

#include "maps.h"
#include "tables.h"

static __always_inline struct ebb_counters *ebb_counters_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ebb_counters, &zero);
}

static __always_inline void ebb_count_pass(struct ebb_counters *c, __u64 reason, __u64 packets)
{
	c->passed[EBB_INDEX(reason, EBB_REASONS - 1)] += packets;
}

static __always_inline void ebb_count(struct ebb_counters *c, __u64 class_slot, __u64 verdict, __u64 packets,
				      __u64 bytes)
{
	__u64 row = EBB_INDEX(class_slot * EBB_VERDICTS + verdict, EBB_CLASS_ROWS * EBB_VERDICTS - 1);
	struct ebb_count *n = &c->verdict[0][0] + row; /* one index: fewer instructions than two */

	n->packets += packets;
	n->bytes += bytes;
}

#endif
