/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * From a frame to its verdict, the same for every hook.
 *
 * 1. Inert? Pass. 2. Read the live word once. 3. Walk the headers: the packet's rules,
 * and whether it is protected. 4. Choose: drop, trim, steer. 5. The hook carries it out,
 * if enforced. 6. Count.
 *
 * Steps 1 to 4 are ebb_judge(); they change nothing. A hook that fails to carry
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
	__u64 state;
	__u64 class_slot;
	bool enforce;
	bool drop, trim, steer;
	bool rps;	/* somebody else moves steered packets */
	bool cut_payload;
	__u64 reason;	/* enum ebb_reason, should the verdict be a pass */
	__u64 bytes;	/* to be counted: as the packet came */
	__u64 keep;	/* with trim: frame bytes that stay */
	__u64 payload;	/* with cut_payload: UDP payload bytes that stay */
};

/* What can be cut from this packet; the answer is in *j. */
static __always_inline void ebb_judge_trim(const struct ebb_frame *f, const struct ebb_packet *p,
					   const struct ebb_treatment *t, struct ebb_judgement *j)
{
	__u64 keep = p->l3_offset + p->l3_len;

	if (f->gso_size) {
		j->reason = EBB_R_UNTRIMMABLE;
		return;
	}
	if (t->flags & EBB_T_TRIM) {
		struct udphdr *udp = p->proto == IPPROTO_UDP ? ebb_l4(f, p, sizeof(*udp)) : NULL;
		__u64 payload;

		if (!udp || bpf_ntohs(udp->len) != keep - p->l4_offset || keep > EBB_TRIM_FRAME) {
			j->reason = EBB_R_UNTRIMMABLE;
			return;
		}
		payload = keep - p->l4_offset - sizeof(*udp);
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

static __always_inline void ebb_choose(const struct ebb_live *live, const struct ebb_frame *f,
				       const struct ebb_packet *p, const struct ebb_treatment *t,
				       struct ebb_judgement *j)
{
	__u32 iface = live->iface[EBB_INDEX(EBB_IFINDEX(f->ctx), EBB_IFACES - 1)];

	j->reason = EBB_R_TREATMENT;
	if (t->flags & (EBB_T_DROP | EBB_T_TRIM | EBB_T_TRIM_PADDING) && !p->shield) {
		if (!(iface & EBB_IF_TERMINAL))
			j->reason = EBB_R_FORWARDS;
		else if (t->flags & EBB_T_DROP)
			j->drop = true;
		else
			ebb_judge_trim(f, p, t, j);
	}
	if (t->flags & EBB_T_STEER && !j->drop) {
		j->steer = iface & EBB_IF_STEER && j->bank->steer[EBB_INDEX(j->state, EBB_STATES - 1)].count;
		j->rps = iface & EBB_IF_RPS;
		if (!j->steer && j->reason == EBB_R_TREATMENT)
			j->reason = EBB_R_NOTHING_TO_DO;
	}
	if (p->shield)
		j->reason = p->shield;
}

static __always_inline __u64 ebb_bytes(const struct ebb_frame *f, const struct ebb_packet *p)
{
	__u64 bytes = f->len + f->tag_len;

	if (f->segments > 1) /* on the wire each segment had the headers */
		bytes += (__u64)(f->segments - 1) * (p->l4_offset + ebb_l4_header(f, p) + f->tag_len);
	return bytes;
}

/* False: the packet passes, and is counted. True: *p and *j are filled, and ebb_count_judged() is still to come. */
static __always_inline bool ebb_judge(const struct ebb_live *live, struct ebb_counters *counters,
				      const struct ebb_frame *f, struct ebb_packet *p, struct ebb_judgement *j)
{
	struct ebb_treatment t = {.class_slot = EBB_CLASSES};
	const struct ebb_bank *bank;
	__u64 state;
	__u32 word;
	int reason;

	if (bpf_jiffies64() >= live->deadline) {
		ebb_count_pass(counters, EBB_R_INERT, f->segments);
		return false;
	}
	/*
	 * Once per packet. The bank's address is computed from it without a branch: on arm64 the
	 * address dependency alone orders the table reads behind this one.
	 */
	word = *(volatile const __u32 *)&live->word;
	bank = &live->bank[EBB_INDEX(word, EBB_WORD_BANK)];
	reason = ebb_classify(f, bank, live->zero, p);
	if (reason >= 0) {
		ebb_count_pass(counters, reason, f->segments);
		return false;
	}
	state = EBB_WORD_STATE(word);
	reason = EBB_R_UNCLASSIFIED;
	if (p->rules) {
		reason = EBB_R_TREATMENT;
		t = bank->treat[EBB_INDEX(state, EBB_STATES - 1)][EBB_INDEX(ebb_lowest_bit(p->rules), EBB_RULES - 1)];
	}
	if (!t.flags) {
		ebb_count_pass(counters, p->shield ? p->shield : reason, f->segments);
		ebb_count(counters, t.class_slot, EBB_PASS, f->segments, ebb_bytes(f, p));
		return false;
	}
	__builtin_memset(j, 0, sizeof(*j));
	j->bank = bank;
	j->state = state;
	j->class_slot = t.class_slot;
	j->enforce = word & EBB_WORD_ENFORCE;
	j->bytes = ebb_bytes(f, p);
	ebb_choose(live, f, p, &t, j);
	return true;
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
					     const struct ebb_judgement *j)
{
	__u64 verdict = ebb_verdict_of(j);

	if (verdict == EBB_PASS)
		ebb_count_pass(counters, j->reason, f->segments);
	ebb_count(counters, j->class_slot, verdict, f->segments, j->bytes);
}

#endif
