/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * How the tables of a bank, and others, are read: in few instructions, and so that the verifiers of kernels from 5.10 on
 * follow. First the steps, then the fields that take more than one.
 */
#ifndef EBB_TABLES_H
#define EBB_TABLES_H

#include <bpf/bpf_helpers.h>
#include "abi.h"

/*
 * Mask a table index as the last step before the address is formed. Kernels
 * 5.10 and 6.1 lose the bound otherwise and refuse the program (EVIDENCE.md).
 */
#ifdef __bpf__
#define EBB_INDEX(value, mask)                                           \
	({                                                               \
		__u64 index_ = (value);                                  \
		asm volatile("%0 &= %1" : "+r"(index_) : "i"(mask));     \
		index_;                                                  \
	})
#else /* compiled into the agent, for `explain` */
#define EBB_INDEX(value, mask) ((__u64)(value) & (mask))
#endif

/*
 * A place in a structure: `offset`, already masked, beyond `base`. clang would copy the base first, an instruction for
 * each look at a table.
 */
#ifdef __bpf__
#define EBB_PLACE_AT(base, offset)                                       \
	({                                                               \
		__u64 place_ = (offset);                                 \
		asm("%0 += %1" : "+r"(place_) : "r"(base));              \
		(const void *)place_;                                    \
	})
#else
#define EBB_PLACE_AT(base, offset) ((const void *)(base) + (offset))
#endif
#define EBB_ENTRY(base, table, index)                                                                      \
	(*(const __typeof__((base)->table[0]) *)(EBB_PLACE_AT(base, (index) * sizeof((base)->table[0])) +  \
						 __builtin_offsetof(__typeof__(*(base)), table)))

/*
 * A 16-bit field has two steps: its value's equivalence class, and that class's entry in tables of __u64. This is the
 * class as an offset into such a table, beyond `base`. One piece of assembly: clang would mask the byte, or put it on
 * the stack, where kernels 5.10 and 6.1 forget that it is one.
 */
#ifdef __bpf__
#define EBB_CLASS_ROW(base, table, value)                                                                      \
	({                                                                                                     \
		const void *row_ = EBB_PLACE_AT(base, value) + __builtin_offsetof(__typeof__(*(base)), table); \
		asm("%0 = *(u8 *)(%0 + 0)\n%0 <<= 3\n%0 += %1" : "+r"(row_) : "r"(base));                      \
		row_;                                                                                          \
	})
#else
#define EBB_CLASS_ROW(base, table, value) ((const void *)(base) + (base)->table[value] * sizeof(__u64))
#endif
/* Its entry in `table`. */
#define EBB_ROW_ENTRY(base, table, row) (*(const __u64 *)((row) + __builtin_offsetof(__typeof__(*(base)), table)))

/* The rules that accept the value of a 16-bit field. */
#define EBB_RULES16(bank, field, value) \
	EBB_ROW_ENTRY(bank, field, EBB_CLASS_ROW(bank, field##_class, EBB_INDEX(value, 0xffff)))

/* DSCP: 6 bits, given as an offset into a table of __u64, with other bits around. */
#define EBB_RULES_DSCP(bank, offset)                                    \
	(*(const __u64 *)(EBB_PLACE_AT(bank, EBB_INDEX(offset, 0x1f8)) + \
			  __builtin_offsetof(struct ebb_bank, dscp)))

/*
 * The rules whose prefixes accept the address: a conjunction over its slices, each shifted to where it is an offset
 * into a table of __u64. From the middle table one instruction reaches the others.
 */
#define EBB_SLICE_SHIFT(i) ((i) * EBB_SLICE_BITS - 3)
#define EBB_SLICE_OFFSET(word, i)                                                             \
	EBB_INDEX(EBB_SLICE_SHIFT(i) < 0 ? (word) << 3 : (word) >> (EBB_SLICE_SHIFT(i) & 31), \
		  (EBB_SLICE_VALUES - 1) << 3)
#define EBB_RULES_SLICE(tables, word, i)                                                \
	(*(const __u64 *)(EBB_PLACE_AT((tables)[1], EBB_SLICE_OFFSET(word, i)) +        \
			  ((i) - 1) * (long)sizeof((tables)[1])))
/* clang would load all three before the first AND, and keep them on the stack. */
#define EBB_RULES_IPV4(rules, tables, address)                \
	do {                                                  \
		__u64 word_ = (address);                      \
		(rules) &= EBB_RULES_SLICE(tables, word_, 0); \
		barrier_var(rules);                           \
		(rules) &= EBB_RULES_SLICE(tables, word_, 1); \
		barrier_var(rules);                           \
		(rules) &= EBB_RULES_SLICE(tables, word_, 2); \
		barrier_var(rules);                           \
	} while (0)

/*
 * The same for IPv6, a conjunction over its bytes. A word of the address is loaded once, and each byte of it is
 * shifted to where it is an offset into a table of __u64.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EBB_BYTE_SHIFT(i) ((i) * 8 - 3)
#else
#define EBB_BYTE_SHIFT(i) (24 - (i) * 8 - 3)
#endif
#define EBB_BYTE_OFFSET(word, i)                                                              \
	EBB_INDEX(EBB_BYTE_SHIFT(i) < 0 ? (word) << 3 : (word) >> (EBB_BYTE_SHIFT(i) & 31), 0x7f8)

#define EBB_RULES_IPV6(bank, tables, address)                                                               \
	({                                                                                                  \
		__u64 rules_ = ~0ULL;                                                                       \
		_Pragma("unroll") for (int w_ = 0; w_ < 4; w_++)                                            \
		{                                                                                           \
			__u64 word_ = ((const __u32 *)(address))[w_];                                       \
			_Pragma("unroll") for (int i_ = 0; i_ < 4; i_++)                                    \
			{                                                                                   \
				const void *place_ = EBB_PLACE_AT(bank, EBB_BYTE_OFFSET(word_, i_));        \
				rules_ &= *(const __u64 *)(place_ + __builtin_offsetof(struct ebb_bank, tables) + \
							   (w_ * 4 + i_) * sizeof((bank)->tables[0]));      \
			}                                                                                   \
			barrier_var(rules_); /* clang 14 would keep every word on the stack */              \
		}                                                                                           \
		rules_;                                                                                     \
	})

/* Index of the lowest bit. By de Bruijn's sequence: clang 14 crashes on __builtin_ctzll for BPF. */
static const __u8 ebb_bit_index[64] = {
	0,  1,	2,  53, 3,  7,	54, 27, 4,  38, 41, 8,	34, 55, 48, 28, 62, 5,	39, 46, 44, 42, 22, 9,	24, 35, 59, 56, 49, 18, 29, 11,
	63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

static __always_inline __u64 ebb_lowest_bit(__u64 set)
{
	__u64 hash = ((set & -set) * 0x022fdd63cc95386dULL) >> 58;

	return ebb_bit_index[EBB_INDEX(hash, 63)];
}

#endif
