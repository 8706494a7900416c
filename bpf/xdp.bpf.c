/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Ingress on XDP: the verdict before an skb exists.
 *
 * The verdict is treat.h's; here it is carried out: XDP_DROP, XDP_TX, a shorter frame,
 * or a redirect to the CPU that the power state's mask gives the flow. A redirected
 * frame loses what the kernel knew of its checksum, so virtual interfaces, whose frames
 * may have none yet, use RPS instead.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define EBB_CTX		  struct xdp_md
#define EBB_IFINDEX(ctx)  ((ctx)->ingress_ifindex)
#define EBB_LEN(ctx)	  ((ctx)->data_end - (ctx)->data)
#define EBB_TAG(ctx)	  0
#define EBB_TCI(ctx)	  0
#define EBB_GSO_SIZE(ctx) 0
#define EBB_SEGMENTS(ctx) ((void)(ctx), 1)
#define EBB_GOES_ON	  XDP_PASS
#include "steer.h"
#include "treat.h"

/*
 * The agent raises the size to the possible CPUs of the machine; a map above NR_CPUS is refused.
 * No entry for a CPU: the packet stays where it is.
 */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32)); /* queue length; no second program, so it loads before 5.9 too */
} ebb_cpumap SEC(".maps");

/* Cuts the UDP datagram at `l3` and `l4` down to `payload` bytes. 0, or -1: the frame is as it was. */
__noinline int ebb_trim_xdp(struct xdp_md *ctx, __u32 l3, __u32 l4, __u32 payload)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u64 l3_offset = l3, l4_offset = l4;
	struct ebb_trim t;
	struct udphdr *udp;
	struct iphdr *ip;

	__s64 shorter;

	if (ebb_trim_fields(data, end, l3, l4, payload, &t))
		return -1;
	shorter = end - data;
	barrier_var(shorter);
	shorter -= l4 + sizeof(*udp) + payload;
	if (bpf_xdp_adjust_tail(ctx, -shorter))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	udp = data + EBB_INDEX(l4_offset, EBB_TRIM_FRAME - 1); /* as ebb_trim_fields() checked them */
	ip = data + EBB_INDEX(l3_offset, EBB_TRIM_L3 - 1);
	if ((void *)(udp + 1) > end || (void *)(ip + 1) > end)
		return -1; /* cannot be: the headers stay */
	udp->len = t.udp_len;
	udp->check = t.udp_check;
	if (t.ipv4) {
		ip->tot_len = t.l3_len;
		ip->check = t.ip_check;
	} else {
		((struct ipv6hdr *)ip)->payload_len = t.l3_len;
	}
	return 0;
}

static __always_inline void ebb_read_frame(struct xdp_md *ctx, struct ebb_frame *f)
{
	__u64 len;

	f->ctx = ctx;
	f->data = (void *)(long)ctx->data;
	f->end = (void *)(long)ctx->data_end;
	len = f->end - f->data;
	barrier_var(len);
	f->len = len;
}

__noinline int ebb_answer(struct xdp_md *ctx, __u32 request, __u32 enforce)
{
	__u64 len = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
	struct ebb_reply *reply;
	void *data, *end;

	barrier_var(len);
	reply = ebb_make_reply(ctx, request, len);
	if (!reply)
		return 0;
	if (!enforce)
		return 1;
	if (reply->len != len && bpf_xdp_adjust_tail(ctx, (int)reply->len - (int)len))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	for (int i = 0; i < EBB_REPLY_MAX; i += 2) {
		if (i >= (int)reply->size)
			break;
		if (data + i + 2 > end)
			return -1; /* cannot be: the frame has its new begin */
		*(__u16 *)(data + i) = *(__u16 *)(EBB_REPLY_FRAME(reply) + i);
	}
	return 1;
}

static __always_inline int trim_frame(struct xdp_md *ctx, const struct ebb_frame *f, const struct ebb_packet *p,
				      const struct ebb_judgement *j)
{
	if (j->cut_payload)
		return ebb_trim_xdp(ctx, p->l3_offset, p->l4_offset, j->payload);
	return bpf_xdp_adjust_tail(ctx, (int)j->keep - (int)f->len);
}

static __always_inline int steer_frame(const struct ebb_frame *f, const struct ebb_packet *p,
				       const struct ebb_judgement *j)
{
	const struct ebb_steer *steer = &j->bank->steer[EBB_INDEX(j->state, EBB_STATES - 1)];
	__u64 here = bpf_get_smp_processor_id();
	__u64 word = steer->mask[EBB_INDEX(here >> 6, EBB_CPUS / 64 - 1)];

	if (word >> (here & 63) & 1)
		return XDP_PASS;
	return bpf_redirect_map(&ebb_cpumap, ebb_steer_cpu(steer, f, p), XDP_PASS);
}

static __always_inline int ebb_carry_out(const struct ebb_frame *f, const struct ebb_packet *p,
					 struct ebb_judgement *j)
{
	int action = XDP_PASS;

	if (j->drop || j->limit)
		return XDP_DROP;
	if (j->answer)
		return XDP_TX;
	if (j->steer && !j->rps)
		action = steer_frame(f, p, j);
	if (j->trim && trim_frame(f->ctx, f, p, j)) {
		j->trim = 0;
		j->reason = EBB_R_FAILED;
	}
	return action;
}

SEC("xdp")
int ebb_xdp(struct xdp_md *ctx)
{
	return ebb_ingress(ctx, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
