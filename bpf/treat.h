/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * From a frame to its verdict, the same for every hook.
 *
 * ebb_ingress(): 1. Inert? Pass. 2. Read the live word once. 3. Walk the headers: the packet's rules, and whether it
 * is protected. 4. A class that is left alone here is counted and passes.
 * ebb_treat(): 5. Choose: limit, answer, drop, trim, steer. 6. The hook carries it out, if enforced. 7. Count, and
 * remember drops. A global function, which the verifier checks once, by itself: only packets that are treated pay the
 * call.
 *
 * A hook that fails to carry out a trim passes the packet as it was and says so in the counters.
 *
 * The hook defines the functions that are declared here.
 */
#ifndef EBB_TREAT_H
#define EBB_TREAT_H

#include "answer.h"
#include "classify.h"
#include "maps.h"
#include "packet.h"
#include "plain.h"
#include "remember.h"
#include "sockets.h"
#include "stats.h"
#include "tables.h"
#include "trim.h"
#include "wake.h"

struct ebb_judgement {
	const struct ebb_bank *bank;
	__u64 state;
	/* yes or no, with `zero` added (classify.h) */
	__u8 enforce;
	__u8 limit, answer, drop, trim, steer;
	__u8 rps;	/* somebody else moves steered packets */
	__u8 cut_payload;
	__u64 reason;	/* enum ebb_reason, should the verdict be a pass */
	__u64 keep;	/* with trim: frame bytes that stay */
	__u64 payload;	/* with cut_payload: UDP payload bytes that stay */
};

/* Fills *f, whose raw_ip is known, from the context. */
static __always_inline void ebb_read_frame(EBB_CTX *ctx, struct ebb_frame *f);

/* Writes the reply into the frame, if `enforce`. 1: answered; 0: not to be answered; -1: failed. */
__noinline int ebb_answer(EBB_CTX *ctx, __u32 request, __u32 enforce);

/* Drops, answers, steers, trims as *j says; a trim that fails is taken back in *j. Returns the hook's action. */
static __always_inline int ebb_carry_out(const struct ebb_frame *f, const struct ebb_packet *p,
					 struct ebb_judgement *j);

/* What can be cut from this packet; the answer is in *j. */
static __always_inline void ebb_judge_trim(const struct ebb_frame *f, const struct ebb_packet *p,
					   const struct ebb_treatment *t, __u64 zero, struct ebb_judgement *j)
{
	__u64 keep = p->l3_offset + p->l3_len;

	if (EBB_GSO_SIZE(f->ctx)) {
		j->reason = EBB_R_UNTRIMMABLE + zero;
		return;
	}
	if (t->flags & EBB_T_TRIM) {
		struct udphdr *udp = p->proto == IPPROTO_UDP ? ebb_l4(f, p, sizeof(*udp)) : NULL;
		__u64 payload;

		if (!udp || bpf_ntohs(udp->len) != keep - p->l4_offset || keep > EBB_TRIM_FRAME) {
			j->reason = EBB_R_UNTRIMMABLE + zero;
			return;
		}
		payload = keep - p->l4_offset - sizeof(*udp);
		if (payload > t->trim_to) {
			j->cut_payload = 1 + zero;
			j->payload = t->trim_to;
			keep -= payload - t->trim_to;
		}
	}
	j->keep = keep;
	if (keep < f->len)
		j->trim = 1 + zero;
	else
		j->reason = EBB_R_NOTHING_TO_DO + zero;
}

/* Which kind of request the packet may be; -1: none that is answered. */
static __always_inline int ebb_request(const struct ebb_frame *f, const struct ebb_packet *p)
{
	if (f->raw_ip || EBB_TAG(f->ctx) || EBB_GSO_SIZE(f->ctx) || p->l3_offset != sizeof(struct ethhdr))
		return -1;
	if (!p->proto)
		return p->shield == EBB_R_ARP ? EBB_ASK_ARP : -1;
	if (ebb_is_ipv4(f, p))
		return p->proto == IPPROTO_ICMP && p->l4_offset == sizeof(struct ethhdr) + sizeof(struct iphdr) ?
			       EBB_ASK_IPV4 : -1;
	return p->proto == IPPROTO_ICMPV6 && p->l4_offset == sizeof(struct ethhdr) + sizeof(struct ipv6hdr) ?
		       EBB_ASK_IPV6 : -1;
}

/*
 * Is the class above its rate? A token bucket as one number: when the next packet is due, in jiffies << 20. Up to a
 * tenth of a second's packets may come at once. CPUs that meet in here may let a packet more through each.
 */
static __always_inline bool ebb_above_rate(struct ebb_live *live, __u64 packets, __u64 class_slot, __u32 rate)
{
	__u64 *bucket = &live->bucket[EBB_INDEX(class_slot, EBB_CLASS_ROWS - 1)];
	__u64 now = bpf_jiffies64() << 20, second = (__u64)live->hz << 20;
	__u64 due = *bucket;

	if (!rate)
		rate = 1;
	if (due > now)
		return true;
	if (due + second / 10 < now)
		*bucket = now - second / 10;
	__sync_fetch_and_add(bucket, second * packets / rate);
	return false;
}

/* A connection request that nobody here listens for needs no protection, unless its port is protected. */
static __always_inline bool ebb_is_stray_syn(const struct ebb_frame *f, const struct ebb_bank *bank,
					     const struct ebb_packet *p)
{
	struct tcphdr *tcp;

	if (p->shield != EBB_R_TCP_CONTROL)
		return false;
	tcp = ebb_l4(f, p, sizeof(*tcp));
	if (!tcp || (((__u8 *)tcp)[13] & 0x17) != 0x02) /* of FIN, SYN, RST and ACK only SYN */
		return false;
	if (EBB_ROW_ENTRY(bank, shield, EBB_CLASS_ROW(bank, dport_class, ebb_be16(&tcp->dest))))
		return false;
	/* Not from the cache: it is a new flow, and here the stack is deep already. */
	return ebb_knows_sockets(f, p) && ebb_ask_sockets(f->ctx, p->l3_offset, p->l4_offset, p->proto) == 0;
}

/* False: the packet is not to be treated further. */
static __always_inline bool ebb_choose_answer(struct ebb_frame *f, const struct ebb_packet *p, __u64 zero,
					      struct ebb_judgement *j)
{
	int request = ebb_request(f, p);
	int answered = 0;

	if (request >= 0) {
		answered = ebb_answer(f->ctx, request, j->enforce);
		f->data = (void *)(long)f->ctx->data;
		f->end = (void *)(long)f->ctx->data_end;
	}
	if (answered > 0) {
		j->answer = 1 + zero;
		return false;
	}
	j->reason = (answered ? EBB_R_FAILED : EBB_R_UNANSWERABLE) + zero;
	return true;
}

static __always_inline void ebb_choose(struct ebb_live *live, struct ebb_frame *f, struct ebb_packet *p,
				       const struct ebb_treatment *t, struct ebb_judgement *j)
{
	__u32 iface = live->iface[EBB_INDEX(EBB_IFINDEX(f->ctx), EBB_IFACES - 1)].flags;
	__u64 takes = t->flags & (EBB_T_LIMIT | EBB_T_DROP | EBB_T_TRIM | EBB_T_TRIM_PADDING);
	__u64 zero = live->zero;

	j->reason = EBB_R_TREATMENT + zero;
	if (takes & (EBB_T_LIMIT | EBB_T_DROP) && ebb_is_stray_syn(f, j->bank, p))
		p->shield = zero;
	if (p->shield)
		takes = zero;
	if (takes && !(iface & EBB_IF_TERMINAL)) {
		j->reason = EBB_R_FORWARDS + zero;
		takes = zero;
	}
	if (takes & EBB_T_LIMIT && ebb_above_rate(live, EBB_SEGMENTS(f->ctx), t->class_slot, t->rate)) {
		j->limit = 1 + zero;
		return;
	}
	if (t->flags & EBB_T_ANSWER && !ebb_choose_answer(f, p, zero, j))
		return;
	if (takes & EBB_T_DROP) {
		j->drop = 1 + zero;
		return;
	}
	if (takes & (EBB_T_TRIM | EBB_T_TRIM_PADDING))
		ebb_judge_trim(f, p, t, zero, j);
	if (t->flags & EBB_T_STEER) {
		j->rps = iface & EBB_IF_RPS;
		if (iface & EBB_IF_STEER && j->bank->steer[EBB_INDEX(j->state, EBB_STATES - 1)].count)
			j->steer = 1 + zero;
		else if (j->reason == EBB_R_TREATMENT)
			j->reason = EBB_R_NOTHING_TO_DO + zero;
	}
	if (p->shield && j->reason != EBB_R_FAILED)
		j->reason = p->shield;
}

static __always_inline __u64 ebb_bytes(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u64 bytes = f->len + EBB_TAG_LEN(f->ctx), segments = EBB_SEGMENTS(f->ctx);

	if (segments > 1) /* on the wire each segment had the headers */
		bytes += (segments - 1) * (p->l4_offset + ebb_l4_header(f, p) + EBB_TAG_LEN(f->ctx));
	return bytes;
}

static __always_inline __u64 ebb_verdict_of(const struct ebb_judgement *j)
{
	if (j->limit)
		return EBB_LIMIT;
	if (j->answer)
		return EBB_ANSWER;
	if (j->drop)
		return EBB_DROP;
	if (j->trim)
		return j->steer ? EBB_TRIM_STEER : EBB_TRIM;
	return j->steer ? EBB_STEER : EBB_PASS;
}

/*
 * The bank's address is computed from the live word without a branch: on arm64 the address dependency alone orders the
 * table reads behind it.
 */
static __always_inline const struct ebb_bank *ebb_bank_of(__u32 word)
{
	return &ebb_live.bank[EBB_INDEX(word, EBB_WORD_BANK)];
}

/* What ebb_treat() must know of a packet, in two words. */
#define EBB_PLACE(p, raw_ip) \
	((p)->l3_offset | (p)->l4_offset << 8 | (raw_ip) << 24)
#define EBB_KIND(p, rule) ((p)->proto | (p)->shield << 8 | (rule) << 16)

__noinline int ebb_treat(EBB_CTX *ctx, __u32 place, __u32 l3_len, __u32 word, __u32 kind)
{
	struct ebb_counters *counters = ebb_counters_here();
	const struct ebb_bank *bank = ebb_bank_of(word);
	__u64 state = EBB_WORD_STATE(word), rule = kind >> 16, verdict, bytes;
	struct ebb_treatment t = bank->treat[EBB_INDEX(state, EBB_STATES - 1)][EBB_INDEX(rule, EBB_RULES - 1)];
	struct ebb_packet p = {
		.shield = kind >> 8 & 0xff,
		.l3_offset = place & 0xff,
		.l3_len = l3_len,
		.l4_offset = place >> 8 & 0xffff,
		.proto = kind & 0xff,
	};
	struct ebb_judgement j = {
		.bank = bank,
		.state = state,
		.enforce = word & EBB_WORD_ENFORCE,
	};
	struct ebb_frame f = {.raw_ip = place >> 24 & 1};
	int action = EBB_GOES_ON;

	ebb_read_frame(ctx, &f);
	bytes = ebb_bytes(&f, &p);
	ebb_choose(&ebb_live, &f, &p, &t, &j);
	if (j.enforce)
		action = ebb_carry_out(&f, &p, &j);
	verdict = ebb_verdict_of(&j);
	if (verdict == EBB_PASS && j.reason != EBB_R_TREATMENT) {
		ebb_count_pass(counters, j.reason, EBB_SEGMENTS(ctx));
		verdict = EBB_SPARED;
	}
	ebb_count(ebb_counts_of(counters, t.class_slot * EBB_ROW) + EBB_INDEX(verdict, EBB_VERDICTS - 1), EBB_SEGMENTS(ctx), bytes);
	if (verdict == EBB_DROP || verdict == EBB_LIMIT)
		ebb_remember(ctx, p.l3_offset | p.l4_offset << 16, word,
			     p.proto | rule << 8 | t.class_slot << 16 | verdict << 24);
	return action;
}

/* A packet that passes without a look at its class. */
static __always_inline int ebb_pass(EBB_CTX *ctx, __u64 reason)
{
	ebb_count_pass(ebb_counters_here(), reason, EBB_SEGMENTS(ctx));
	return EBB_GOES_ON;
}

/* From what a packet matches to the hook's action. */
static __always_inline int ebb_conclude(const struct ebb_frame *f, const struct ebb_bank *bank, __u32 word,
					struct ebb_packet *p)
{
	struct ebb_counters *counters;
	__u64 row = EBB_CLASSES * EBB_ROW;
	struct ebb_count *n;

	if (p->rules) {
		__u64 state = EBB_WORD_STATE(word), rule = ebb_lowest_bit(p->rules);
		const struct ebb_treatment *t =
			&bank->treat[EBB_INDEX(state, EBB_STATES - 1)][EBB_INDEX(rule, EBB_RULES - 1)];
		__u64 flags = t->flags;

		row = t->class_slot * EBB_ROW;
		if (EBB_UNLIKELY(flags)) { /* most classes have none: one test */
			if (flags & EBB_T_URGENT && ebb_live.armed)
				ebb_wake(t->class_slot);
			if (flags & ~EBB_T_URGENT)
				return ebb_treat(f->ctx, EBB_PLACE(p, (__u64)f->raw_ip), p->l3_len, word, EBB_KIND(p, rule));
		}
	}
	counters = ebb_counters_here(); /* late: a pointer that is kept costs the walk a register */
	n = ebb_counts_of(counters, row) + EBB_PASS;
	if (EBB_UNLIKELY(p->shield)) {
		ebb_count_pass(counters, p->shield, EBB_SEGMENTS(f->ctx));
		n += EBB_SPARED - EBB_PASS;
	}
	ebb_count(n, EBB_SEGMENTS(f->ctx), ebb_bytes(f, p));
	return EBB_GOES_ON;
}

/* The general way, for any packet. It reads the context again: what both ways share would cost the short one registers. */
static __always_inline int ebb_ingress_any(EBB_CTX *ctx, bool raw_ip, __u32 word)
{
	const struct ebb_bank *bank = ebb_bank_of(word);
	struct ebb_frame f = {.raw_ip = raw_ip};
	struct ebb_packet p;
	int reason;

	ebb_read_frame(ctx, &f);
	reason = ebb_classify(&ebb_live, &f, bank, &p);
	return reason >= 0 ? ebb_pass(ctx, reason) : ebb_conclude(&f, bank, word, &p);
}

/* The hook's action for the packet. */
static __always_inline int ebb_ingress(EBB_CTX *ctx, bool raw_ip)
{
	struct ebb_frame f = {.raw_ip = raw_ip};
	const struct ebb_bank *bank;
	struct ebb_packet p;
	__u32 word;

	if (EBB_UNLIKELY(bpf_jiffies64() >= ebb_live.deadline))
		return ebb_pass(ctx, EBB_R_INERT);
	word = *(volatile const __u32 *)&ebb_live.word; /* once per packet */
	if (!raw_ip) {
		ebb_read_frame(ctx, &f);
		bank = ebb_bank_of(word);
		if (EBB_LIKELY(ebb_classify_plain(&ebb_live, &f, bank, &p)))
			return ebb_conclude(&f, bank, word, &p);
	}
	return ebb_ingress_any(ctx, raw_ip, word);
}

#endif
