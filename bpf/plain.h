/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The short way, for nearly every packet: TCP or UDP over IPv4, whole, behind an Ethernet header without a tag, and
 * without options. Where its headers are is known without a look: fewer instructions, and fewer registers. Whatever
 * is not so, or contradicts itself, takes the general way (classify.h), which decides the same about these too.
 */
#ifndef EBB_PLAIN_H
#define EBB_PLAIN_H

#include "classify.h"

/* Fills *p. False: the packet is not of this kind; *p is not to be used. */
static __always_inline bool ebb_classify_plain(const struct ebb_live *live, const struct ebb_frame *f,
					       const struct ebb_bank *bank, struct ebb_packet *p)
{
	const struct ethhdr *eth = f->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const void *l4 = ip + 1;
	__u64 room = f->len - sizeof(*eth);

	/* A shorter datagram takes the general way too: one look at the end. A card's frames have 60 bytes. */
	if (EBB_UNLIKELY(l4 + sizeof(struct tcphdr) > f->end || ebb_be16(&eth->h_proto) != bpf_htons(ETH_P_IP) ||
			 EBB_TAG(f->ctx) || *(const __u8 *)ip != 0x45 || ip->frag_off & EBB_FRAGMENT))
		return false;
	p->l3_offset = sizeof(*eth);
	p->l4_offset = sizeof(*eth) + sizeof(*ip);
	p->l3_len = EBB_GSO_SIZE(f->ctx) ? room : bpf_ntohs(ip->tot_len);
	if (EBB_UNLIKELY(p->l3_len > room))
		return false;
	p->rules = ebb_rules_delivery(bank->untagged, eth) & EBB_ENTRY(bank, dscp, ebb_byte(&ip->tos));
	p->proto = ip->protocol;
	if (p->proto == IPPROTO_UDP) {
		if (EBB_UNLIKELY(!ebb_udp_fits(f, l4, p->l3_len - sizeof(*ip))))
			return false;
		p->rules &= bank->proto_ipv4[IPPROTO_UDP];
		ebb_walk_dport(bank, l4, p);
	} else {
		if (EBB_UNLIKELY(p->proto != IPPROTO_TCP || !ebb_tcp_fits(l4, p->l3_len - sizeof(*ip))))
			return false;
		p->rules &= bank->proto_ipv4[IPPROTO_TCP];
		ebb_walk_dport(bank, l4, p);
		ebb_walk_flags(bank, l4, p);
	}
	if (p->rules & bank->late)
		p->rules = ebb_rules_late(f, bank, ip, true, p);
	if (p->rules)
		p->rules = ebb_rules_rare(live, f, bank, ip, true, l4, p);
	return true;
}

#endif
