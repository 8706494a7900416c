/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Each change of a CPU's frequency adds to the area below its curve. The agent reads the area twice and has the mean of
 * the time between, which a look at sysfs now and then cannot give; nobody is woken for it.
 *
 * A raw tracepoint with two numbers: no structure of the kernel is read, so this needs no kernel BTF. The frequency of a
 * policy changes under its lock, so each entry has one writer at a time.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "trace.h"

/* One entry for each CPU that Ebb knows; a change of a CPU beyond them is not followed. */
struct ebb_frequency ebb_frequencies[EBB_TRACED_CPUS];

SEC("raw_tp/cpu_frequency")
int ebb_frequency_changes(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 kilohertz = ctx->args[0], cpu = ctx->args[1];
	__u64 now = bpf_ktime_get_ns() / 1000;
	struct ebb_frequency *to;

	if (cpu >= EBB_TRACED_CPUS)
		return 0;
	to = &ebb_frequencies[cpu];
	if (to->kilohertz && now > to->since)
		to->area += to->kilohertz * (now - to->since);
	to->kilohertz = kilohertz;
	to->since = now;
	to->changes++;
	to->check = to->kilohertz ^ to->since ^ to->area ^ to->changes;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
