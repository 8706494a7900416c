/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What trace.bpf.c tells the agent. Its maps are not pinned, so EBB_ABI does not count for it. */
#ifndef EBB_TRACE_H
#define EBB_TRACE_H

#include <linux/types.h>

#define EBB_TRACED_CPUS 1024 /* highest CPU number + 1 whose frequency is followed; the others' is that of the moment */

/*
 * The frequency of a CPU up to its last change. `check` is all others, xored: a reader that meets a writer sees that it
 * does not fit, on every architecture, and reads again. kilohertz 0: no change was told yet.
 */
struct ebb_frequency {
	__u64 kilohertz; /* since the last change */
	__u64 since;	 /* of the last change: us, CLOCK_MONOTONIC */
	__u64 area;	 /* kHz x us from the first change to the last one; wraps after 42 days at 5 GHz */
	__u64 changes;
	__u64 check;
};

#ifdef __cplusplus
static_assert(sizeof(ebb_frequency) == 40);
#else
_Static_assert(sizeof(struct ebb_frequency) == 40, "as the agent reads it");
#endif

#endif
