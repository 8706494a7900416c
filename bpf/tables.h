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

/* What is most often so lies in the way of the packet: jumps that are taken cost as much as several instructions. */
#define EBB_LIKELY(condition)	__builtin_expect(!!(condition), 1)
#define EBB_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * A load of its own, as narrow as what it loads. Its value is an index that needs no mask, since the verifier knows its
 * bound, while it stays in its register: kernels 5.10 and 6.1 forget it on the stack. So it is loaded where it is used.
 */
static __always_inline __u64 ebb_byte(const void *at)
{
	return *(const volatile __u8 *)at;
}

static __always_inline __be16 ebb_be16(const void *at)
{
	return *(const volatile __be16 *)at;
}

/* Where ways meet that each load a value, clang would load once, from an address that it computes for all of them. */
#ifdef __bpf__
#define EBB_APART(value)                                         \
	({                                                       \
		__u64 value_ = (value);                          \
		asm volatile("" : "+r"(value_) : "i"(__LINE__)); \
		value_;                                          \
	})
#else
#define EBB_APART(value) (value)
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

/* The rules that accept the value of a 16-bit field, which the verifier must know to be one. */
#define EBB_RULES16(bank, field, value) \
	EBB_ROW_ENTRY(bank, field, EBB_CLASS_ROW(bank, field##_class, value))

/*
 * The rules whose prefixes accept the address: a conjunction over its bytes. `base`: an address in the bank from which
 * one instruction reaches the tables, `distance` beyond it.
 */
#define EBB_RULES_ADDRESS(rules, base, distance, bytes, address)                                              \
	do {                                                                                                  \
		const __u8 *address_ = (const void *)(address);                                               \
		_Pragma("unroll") for (int i_ = 0; i_ < (bytes); i_++)                                        \
		{                                                                                             \
			const void *place_ = EBB_PLACE_AT(base, ebb_byte(address_ + i_) * sizeof(__u64));     \
			(rules) &= *(const __u64 *)(place_ + (distance) + i_ * 256 * (long)sizeof(__u64));    \
			barrier_var(rules); /* clang would load all before the first AND, and keep them */    \
		}                                                                                             \
	} while (0)

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
