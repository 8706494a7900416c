/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Which addresses are this machine's own. The agent follows the kernel (struct ebb_address in abi.h). */
#ifndef EBB_OURS_H
#define EBB_OURS_H

#include "maps.h"
#include "packet.h"
#include "tables.h"

/* A MAC address as a number; only for comparing with others that were read so. */
static __always_inline __u64 ebb_mac(const void *at)
{
	const volatile __u16 *word = at;

	return word[0] | (__u64)word[1] << 16 | (__u64)word[2] << 32;
}

/* The same of a frame's destination, where the last 4 bytes are an aligned word. */
static __always_inline __u64 ebb_mac_to(const struct ethhdr *eth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const void *at = eth; /* packed: clang would read it byte by byte */

	return *(const volatile __u16 *)at | (__u64)*(const volatile __u32 *)(at + 2) << 16;
#else
	return ebb_mac(eth->h_dest);
#endif
}

static __always_inline bool ebb_is_to_our_mac(const struct ebb_live *live, const struct ethhdr *eth)
{
	__u64 mac = ebb_mac_to(eth);
	const __u64 *ours;

	if (EBB_LIKELY(mac == live->first_mac))
		return mac; /* 0 would match what is free */
	ours = live->us_mac[ebb_byte(eth->h_dest + 5)];
	return (mac == ours[0] || mac == ours[1]) && mac;
}

/* Multicast and the limited broadcast. */
static __always_inline bool ebb_is_group_ipv4(__be32 address)
{
	return (address & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || address == 0xffffffff;
}

static __always_inline bool ebb_is_our_ipv4(const struct ebb_live *live, const __be32 *at)
{
	const __u32 *ours = live->us_ipv4[ebb_byte((const __u8 *)at + 3)];
	__be32 address;

	if (!ours[0]) /* filled from the first on */
		return false;
	address = *(const volatile __be32 *)at; /* not before it is needed */
	return address && (address == ours[0] || address == ours[1] || address == ours[2] || address == ours[3]);
}

static __always_inline bool ebb_same_ipv6(const __u32 *a, const __u32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

static __always_inline bool ebb_is_no_ipv6(const __u32 *address) /* :: */
{
	return !(address[0] | address[1] | address[2] | address[3]);
}

static __always_inline __u32 ebb_fold_ipv6(const __u32 *address)
{
	return address[0] ^ address[1] ^ address[2] ^ address[3];
}

static __always_inline bool ebb_is_our_ipv6(const struct ebb_live *live, const __u32 *address)
{
	const struct ebb_address *way = live->ipv6[EBB_INDEX(EBB_ADDRESS_SET(ebb_fold_ipv6(address)), EBB_SETS - 1)];

	if (ebb_is_no_ipv6(address)) /* would match what is free */
		return false;
	return ebb_same_ipv6(way[0].word, address) || ebb_same_ipv6(way[1].word, address) ||
	       ebb_same_ipv6(way[2].word, address) || ebb_same_ipv6(way[3].word, address);
}

/* May the hook answer for this address on this interface? `words`: 1 for IPv4, 4 for IPv6. */
static __always_inline bool ebb_answers_for(const struct ebb_live *live, __u32 ifindex, const __u32 *address, int words)
{
	__u32 fold = words == 1 ? address[0] : ebb_fold_ipv6(address);
	__u64 set = EBB_INDEX(EBB_ADDRESS_SET(fold), EBB_SETS - 1);
	const struct ebb_address *way = words == 1 ? live->ipv4[set] : live->ipv6[set];

	if (words == 1 ? !address[0] : ebb_is_no_ipv6(address))
		return false;
	for (int i = 0; i < EBB_WAYS; i++) {
		if (way[i].ifindex != ifindex || !way[i].answer)
			continue;
		if (words == 1 ? way[i].word[0] == address[0] : ebb_same_ipv6(way[i].word, address))
			return true;
	}
	return false;
}

#endif
