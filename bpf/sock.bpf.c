/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Application identity: tells the agent that a port may have a new owner, and makes that port's owner unknown
 * first.
 *
 * 1. A port gets a socket when UDP binds, when TCP listens or connects, and when a UDP socket without a port
 * sends or connects. The first three and the first send come here after the port is taken; a connect of UDP
 * before it is chosen: it only wakes the agent. (A port so chosen is free, but for sockets that share their
 * port on purpose.)
 * 2. The sockets that an owner's name rests on are in ebb_named, by cookie: the release of one takes the name
 * away.
 * 3. A process that changes its cgroup takes its sockets along, so every owner is unknown (owners_epoch).
 * 4. The agent is woken by a ring buffer. The kernel wakes it only for the first record that it has not read,
 * and it reads just before it looks at the sockets: between two looks it is woken once.
 *
 * The hooks watch: they allow everything. What happens in other network namespaces is seen too, and costs a
 * look.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

#define SOCK_DGRAM 2 /* of <sys/socket.h>, which is not for BPF */

/* The agent's map: see maps.h. */
struct ebb_live ebb_live;

/* One page of 16-byte records that say nothing. Full: the agent has been woken, and what is lost is not
 * missed. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ebb_events SEC(".maps");

/* Cookie of a socket -> table and port. The agent fills it; a port that finds no room gets no name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u32);
} ebb_named SEC(".maps");

/* The port with which a UDP socket has sent: most sends are not its first. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} ebb_senders SEC(".maps");

static __always_inline void wake(void)
{
	__u32 nothing = 0;

	bpf_ringbuf_output(&ebb_events, &nothing, sizeof(nothing), 0);
}

static __always_inline void forget(__u64 slot) /* table << 16 | port */
{
	asm volatile("%0 &= 0x1ffff" : "+r"(slot));
	((__u8 *)ebb_live.owner)[slot] = 0;
}

static __always_inline void taken(bool udp, __u16 port)
{
	forget((__u64)udp << 16 | port);
	__sync_fetch_and_add(&ebb_live.epoch, 1); /* a cached "no socket wants it" may be wrong now */
	wake();
}

static __always_inline int bound(struct bpf_sock *sk)
{
	if (sk->protocol == IPPROTO_UDP)
		taken(true, sk->src_port);
	return 1;
}

SEC("cgroup/post_bind4")
int ebb_bound4(struct bpf_sock *sk)
{
	return bound(sk);
}

SEC("cgroup/post_bind6")
int ebb_bound6(struct bpf_sock *sk)
{
	return bound(sk);
}

static __always_inline int sent(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	__u32 *seen, port;

	if (!sk)
		return 1;
	port = sk->src_port;
	seen = bpf_sk_storage_get(&ebb_senders, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (seen && *seen == port)
		return 1;
	if (seen)
		*seen = port;
	taken(true, port);
	return 1;
}

SEC("cgroup/sendmsg4")
int ebb_sent4(struct bpf_sock_addr *ctx)
{
	return sent(ctx);
}

SEC("cgroup/sendmsg6")
int ebb_sent6(struct bpf_sock_addr *ctx)
{
	return sent(ctx);
}

static __always_inline int connects(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (sk && ctx->type == SOCK_DGRAM && !sk->src_port)
		taken(true, 0); /* port 0 belongs to nobody */
	return 1;
}

SEC("cgroup/connect4")
int ebb_connects4(struct bpf_sock_addr *ctx)
{
	return connects(ctx);
}

SEC("cgroup/connect6")
int ebb_connects6(struct bpf_sock_addr *ctx)
{
	return connects(ctx);
}

SEC("sockops")
int ebb_sockops(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_TCP_LISTEN_CB || ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		taken(false, ops->local_port);
	return 1; /* and no reply: another program's stays */
}

/* From Linux 5.9. No process has the socket open any more, but it is still there. */
SEC("cgroup/sock_release")
int ebb_released(struct bpf_sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie(sk);
	__u32 *slot = bpf_map_lookup_elem(&ebb_named, &cookie);

	if (slot) {
		forget(*slot);
		wake();
	}
	return 1;
}

SEC("raw_tracepoint/cgroup_attach_task")
int ebb_moved(void *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&ebb_live.owners_epoch, 1);
	wake();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
