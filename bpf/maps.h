/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The maps of the packet objects. The agent pins them under
 * /sys/fs/bpf/ebb/v<ABI>/, so both objects and every later agent share them.
 */
#ifndef EBB_MAPS_H
#define EBB_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

/*
 * A map of one struct ebb_live, about 0.9 MiB and 16.25 KiB per CPU (below 4 MiB, which kernel 5.10 allows), which the
 * agent makes, pins and maps into its memory. As a variable its address stands in the code: a lookup would cost each
 * packet ten instructions. It must stay the only variable of .bss, whose map the agent replaces by its own when it loads
 * an object.
 */
struct ebb_live ebb_live;

/*
 * Rows of ebb_live.counters that there are, a power of two, minus 1. The agent sets it; the verifier takes it as a constant.
 * It lies in .rodata anyway: the native build, which has it twice, makes what has a section weak.
 */
const volatile __u32 cfg_cpu_mask SEC(".rodata") = 0;

/* The last EBB_DROPS drops of each CPU; older ones are overwritten. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_drops);
} ebb_drops SEC(".maps");

/*
 * struct ebb_event to the agent, one for each quiet period: a page holds more than are ever under way. Full: the event
 * is lost, and the agent finds out from the counters, an interval later. The agent makes it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ebb_events SEC(".maps");

/*
 * Which flows a socket wants: ebb_live.socket_sets + 1 sets for each CPU, one CPU after the other (sockets.h). The
 * agent makes it, larger where there is memory: 8,192 sets, 512 KiB per CPU, hold 64k flows. In a set that is full a new
 * flow takes the place of another, which is then looked up again. Not a per-CPU array, which keeps each value behind a
 * pointer and across two cache lines; memory that can be mapped begins at a page.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_socket_set);
} ebb_sockets SEC(".maps");

#endif
