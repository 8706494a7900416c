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
	(void)skb;
	ebb_live.jiffies = bpf_jiffies64();
	ebb_live.deadline = ebb_live.jiffies + ebb_live.beat_ticks;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
