/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * From a frame to its verdict, the same for every hook.
 *
 * 1. Inert? Pass. 2. Read the live word once. 3. Parse. 4. Protected? 5. Classify.
 * 6. Choose: drop, trim, steer. 7. The hook carries it out, if enforced. 8. Count.
 *
 * Steps 1 to 6 are ebb_judge(); they change nothing. A hook that fails to carry
 * out a trim passes the packet as it was and says so in the counters.
 */
#ifndef EBB_TREAT_H
#define EBB_TREAT_H

#include "classify.h"
#include "maps.h"
#include "packet.h"
#include "stats.h"
#include "trim.h"

struct ebb_judgement {
	const struct ebb_bank *bank;
	__u8 state;
	__u8 class_slot; /* EBB_CLASSES: no rule */
	bool counted;	 /* under its class; otherwise only by the reason */
	bool enforce;
	bool drop, trim, steer;
	bool rps;      /* somebody else moves steered packets */
	int reason;    /* enum ebb_reason, should the verdict be a pass */
	__u32 keep;    /* with trim: frame bytes that stay */
	__u32 payload; /* with trim: UDP payload bytes that stay, if cut_payload */
	bool cut_payload;
};

/* What can be cut from this packet; the answer is in *j. */
static __always_inline void ebb_judge_trim(const struct ebb_frame *f, const struct ebb_packet *p,
					   const struct ebb_treatment *t, struct ebb_judgement *j)
{
	__u32 keep = p->l3_offset + p->l3_len;
	__u32 payload = p->udp_len - sizeof(struct udphdr);

	if (f->gso_size) {
		j->reason = EBB_R_UNTRIMMABLE;
		return;
	}
	if (t->flags & EBB_T_TRIM) {
		if (p->proto != IPPROTO_UDP || !p->has_ports || p->udp_len != keep - p->l4_offset || keep > EBB_TRIM_FRAME) {
			j->reason = EBB_R_UNTRIMMABLE;
			return;
		}
		if (payload > t->trim_to) {
			j->cut_payload = true;
			j->payload = t->trim_to;
			keep -= payload - t->trim_to;
		}
	}
	j->trim = keep < f->len;
	j->keep = keep;
	if (!j->trim)
		j->reason = EBB_R_NOTHING_TO_DO;
}

static __always_inline void ebb_choose(const struct ebb_live *live, __u32 ifindex, const struct ebb_frame *f,
				       const struct ebb_packet *p, __u64 rule, __u64 shield, struct ebb_judgement *j)
{
	__u32 iface = live->iface[EBB_INDEX(ifindex, EBB_IFACES - 1)];
	struct ebb_treatment t;

	if (rule == EBB_NO_RULE) {
		j->reason = shield ? shield : EBB_R_UNCLASSIFIED;
		return;
	}
	t = j->bank->treat[EBB_INDEX(j->state, EBB_STATES - 1)][EBB_INDEX(rule, EBB_RULES - 1)];
	j->class_slot = t.class_slot;
	j->reason = EBB_R_TREATMENT;
	if (t.flags & (EBB_T_DROP | EBB_T_TRIM | EBB_T_TRIM_PADDING)) {
		if (shield)
			;
		else if (!(iface & EBB_IF_TERMINAL))
			j->reason = EBB_R_FORWARDS;
		else if (t.flags & EBB_T_DROP)
			j->drop = true;
		else
			ebb_judge_trim(f, p, &t, j);
	}
	if (t.flags & EBB_T_STEER && !j->drop) {
		j->steer = iface & EBB_IF_STEER && j->bank->steer[EBB_INDEX(j->state, EBB_STATES - 1)].count;
		j->rps = iface & EBB_IF_RPS;
		if (!j->steer && j->reason == EBB_R_TREATMENT)
			j->reason = EBB_R_NOTHING_TO_DO;
	}
	if (shield)
		j->reason = shield;
}

static __always_inline void ebb_judge(const struct ebb_live *live, __u32 ifindex, const struct ebb_frame *f,
				      struct ebb_packet *p, struct ebb_judgement *j)
{
	__u64 rule, shield;
	__u32 word;

	__builtin_memset(j, 0, sizeof(*j));
	__builtin_memset(p, 0, sizeof(*p));
	j->class_slot = EBB_CLASSES;
	if (bpf_jiffies64() > live->deadline) {
		j->reason = EBB_R_INERT;
		return;
	}
	/*
	 * Once per packet. The bank's address is computed from it without a branch: on arm64 the
	 * address dependency alone orders the table reads behind this one.
	 */
	word = *(volatile const __u32 *)&live->word;
	j->bank = &live->bank[EBB_INDEX(word, EBB_WORD_BANK)];
	j->state = EBB_WORD_STATE(word);
	j->enforce = word & EBB_WORD_ENFORCE;
	j->reason = ebb_parse(f, p, live->zero);
	if (j->reason >= 0)
		return;
	j->counted = true;
	rule = ebb_classify(j->bank, p);
	shield = ebb_protected(j->bank, p);
	EBB_FORGET(rule, live->zero);
	EBB_FORGET(shield, live->zero);
	ebb_choose(live, ifindex, f, p, rule, shield, j);
}

static __always_inline __u64 ebb_verdict_of(const struct ebb_judgement *j)
{
	if (j->drop)
		return EBB_DROP;
	if (j->trim)
		return j->steer ? EBB_TRIM_STEER : EBB_TRIM;
	return j->steer ? EBB_STEER : EBB_PASS;
}

static __always_inline void ebb_count_judged(struct ebb_counters *counters, const struct ebb_frame *f,
					     const struct ebb_packet *p, const struct ebb_judgement *j)
{
	__u64 verdict = ebb_verdict_of(j);
	__u64 bytes = f->len + f->tag_len;

	if (verdict == EBB_PASS)
		ebb_count_pass(counters, j->reason, f->segments);
	if (!j->counted)
		return;
	if (f->segments > 1) /* on the wire each segment had the headers */
		bytes += (__u64)(f->segments - 1) * (p->l4_offset + p->l4_header + f->tag_len);
	ebb_count(counters, j->class_slot, verdict, f->segments, bytes);
}

/* The CPU that the packet's flow uses in this state. All packets of a flow get the same one. */
static __always_inline __u32 ebb_steer_cpu(const struct ebb_steer *steer, const struct ebb_packet *p)
{
	__u32 hash = p->proto ^ p->src[0] ^ p->src[1] ^ p->src[2] ^ p->src[3];

	hash = hash * 0x9e3779b1 + (p->dst[0] ^ p->dst[1] ^ p->dst[2] ^ p->dst[3]);
	hash = hash * 0x9e3779b1 + ((__u32)p->sport << 16 | p->dport);
	hash *= 0x9e3779b1;
	return steer->cpu[EBB_INDEX(hash >> 20, EBB_STEER_SLOTS - 1)];
}

#endif
