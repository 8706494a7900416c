/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Stands behind the program under test on the same interface: copies what that one lets through. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "capture.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the test sends one packet at a time */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ebb_capture);
} captured SEC(".maps");

SEC("tc")
int capture(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct ebb_capture *c = bpf_map_lookup_elem(&captured, &zero);
	__u64 size = skb->len;

	if (!c)
		return TC_ACT_SHOT;
	c->size = size;
	c->tagged = skb->vlan_present;
	c->tag_proto = skb->vlan_proto;
	c->tag = skb->vlan_tci;
	if (size > 0 && size <= EBB_CAPTURE_BYTES)
		bpf_skb_load_bytes(skb, 0, c->bytes, size);
	__sync_fetch_and_add(&c->seen, 1);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
