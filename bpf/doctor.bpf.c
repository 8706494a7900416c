/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What `agentctl doctor` tries in the kernel beside Ebb's own objects. Each program is loaded alone, so a
 * kernel that refuses one still answers for the others.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

__u64 seen;	/* what the program was there to see */
__u16 port;	/* a local UDP port with a socket, network order */
__u64 delay_ns; /* how much later a packet is to leave */

/* One page: a record of 16 bytes is put in and taken out. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} doctor_ring SEC(".maps");

static __always_inline void look_up(void *ctx)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *socket;

	tuple.ipv4.saddr = tuple.ipv4.daddr = bpf_htonl(0x7f000001);
	tuple.ipv4.sport = bpf_htons(9);
	tuple.ipv4.dport = port;
	socket = bpf_sk_lookup_udp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!socket)
		return;
	seen++;
	bpf_sk_release(socket);
}

SEC("xdp")
int doctor_lookup_xdp(struct xdp_md *ctx)
{
	look_up(ctx);
	return XDP_PASS;
}

SEC("tc")
int doctor_lookup_tc(struct __sk_buff *skb)
{
	look_up(skb);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int doctor_record(struct __sk_buff *skb)
{
	__u64 nothing = 0;

	(void)skb;
	bpf_ringbuf_output(&doctor_ring, &nothing, sizeof(nothing), 0);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int doctor_defer(struct __sk_buff *skb)
{
	skb->tstamp = bpf_ktime_get_ns() + delay_ns;
	return TC_ACT_OK;
}

SEC("iter/tcp")
int doctor_sockets(void *ctx)
{
	(void)ctx;
	seen++;
	return 0;
}

SEC("tp_btf/cpu_idle")
int doctor_idle_btf(void *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&seen, 1);
	return 0;
}

SEC("raw_tp/cpu_idle")
int doctor_idle_raw(void *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&seen, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
