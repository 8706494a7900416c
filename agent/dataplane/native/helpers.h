/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's helpers, for packet programs that run in the agent (run.cpp). What they call and this lacks does not compile. */
#ifndef EBB_NATIVE_HELPERS_H
#define EBB_NATIVE_HELPERS_H

#include <linux/bpf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ebb_reply; /* of bpf/answer.h, at most 128 bytes */
struct ebb_drops *ebb_native_drops(void);
struct ebb_socket_set *ebb_native_sockets(void);
struct ebb_reply *ebb_native_reply(void);

__u64 bpf_jiffies64(void);
__u32 bpf_get_smp_processor_id(void);
__s64 bpf_csum_diff(const __be32 *from, __u32 from_size, const __be32 *to, __u32 to_size, __u32 seed);

struct bpf_sock *bpf_skc_lookup_tcp(void *context, struct bpf_sock_tuple *tuple, __u32 size, __u64 netns, __u64 flags);
struct bpf_sock *bpf_sk_lookup_udp(void *context, struct bpf_sock_tuple *tuple, __u32 size, __u64 netns, __u64 flags);
long bpf_sk_release(void *socket);

long bpf_ringbuf_output(void *ring, void *data, __u64 size, __u64 flags);

long bpf_xdp_adjust_tail(struct xdp_md *context, int delta);
long ebb_native_redirect_cpu(__u32 cpu);

long bpf_skb_pull_data(struct __sk_buff *skb, __u32 size);
long bpf_skb_change_tail(struct __sk_buff *skb, __u32 size, __u64 flags);
long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 size, __u64 flags);
long bpf_redirect(__u32 ifindex, __u64 flags);

#ifdef __cplusplus
}
#endif

#endif
