/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What prove-price and its generator share. */
#ifndef EBB_BENCH_GENERATOR_H
#define EBB_BENCH_GENERATOR_H

#include <linux/types.h>

#define GENERATOR_SWEEP	  65536 /* bytes read before each packet, when asked */
#define GENERATOR_TARGETS 64
#define GENERATOR_SPAN	  10000 /* nanoseconds: longer than any target takes; what is longer was interrupted, and does not count */

enum generator_kind { GENERATOR_IPV4, GENERATOR_IPV6, GENERATOR_IPV4_UDP };

struct generator_settings {
	__u32 target; /* slot of the program array */
	__u32 kind;   /* enum generator_kind */
	__u32 sweep;
	__u32 frame;  /* bytes; what a target cut off is given back first */
	__u32 l3_len; /* less than frame - 14: the rest is padding */
	__u32 flows;  /* how many take turns, a power of 2; 0: each packet is a flow of its own */
};

#endif
