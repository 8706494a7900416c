/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The agent's heartbeat. User space cannot write jiffies, so it runs this program
 * by BPF_PROG_TEST_RUN; it moves the deadline of the packet programs on.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps.h"

SEC("tc")
int ebb_beat(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct ebb_live *live = bpf_map_lookup_elem(&ebb_live, &zero);

	(void)skb;
	if (!live)
		return -1;
	live->jiffies = bpf_jiffies64();
	live->deadline = live->jiffies + live->beat_ticks;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
