/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Counting: packets and bytes per CPU, class and verdict, and the reason of every pass. */
#ifndef EBB_STATS_H
#define EBB_STATS_H

#include "maps.h"
#include "tables.h"

/* Those of this CPU. */
static __always_inline struct ebb_counters *ebb_counters_here(void)
{
	__u64 cpu = bpf_get_smp_processor_id() & cfg_cpu_mask;

	return (struct ebb_counters *)EBB_PLACE_AT(ebb_live.counters, cpu * sizeof(struct ebb_counters));
}

static __always_inline void ebb_count_pass(struct ebb_counters *c, __u64 reason, __u64 packets)
{
	c->passed[EBB_INDEX(reason, EBB_REASONS - 1)] += packets;
}

/* Of a class, by verdict. `row`: its slot times EBB_ROW, bytes; multiplied where the slot is known, which may be early. */
#define EBB_ROW sizeof(((struct ebb_counters *)0)->verdict[0])
static __always_inline struct ebb_count *ebb_counts_of(struct ebb_counters *c, __u64 row)
{
	return (struct ebb_count *)EBB_PLACE_AT(c, EBB_INDEX(row, (EBB_CLASS_ROWS - 1) * EBB_ROW));
}

static __always_inline void ebb_count(struct ebb_count *n, __u64 packets, __u64 bytes)
{
	n->packets += packets;
	n->bytes += bytes;
}

#endif
