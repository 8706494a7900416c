/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The maps of the packet objects. The agent pins them under
 * /sys/fs/bpf/ebb/v<ABI>/, so both objects and every later agent share them.
 */
#ifndef EBB_MAPS_H
#define EBB_MAPS_H

#include <linux/bpf.h>
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

/*
 * A map of one struct ebb_live, about 1.1 MiB, which the agent makes, pins and maps into its memory. As a variable its
 * address stands in the code: a lookup would cost each packet ten instructions. It must stay the only variable of
 * .bss, whose map the agent replaces by its own when it loads an object.
 */
struct ebb_live ebb_live;

/* One entry of 16.25 KiB per CPU: below the 32 KiB that a per-CPU value may have. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_counters);
} ebb_counters SEC(".maps");

/* The last EBB_DROPS drops of each CPU; older ones are overwritten. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_drops);
} ebb_drops SEC(".maps");

/*
 * Which flows a socket wants: ebb_live.socket_sets + 2 sets for each CPU, one CPU after the other (sockets.h). The
 * agent makes it, larger where there is memory: 8,192 sets, 512 KiB per CPU, hold 64k flows. A set that is full forgets
 * its oldest flow, which is then looked up again. Not a per-CPU array, which keeps each value behind a pointer and
 * across two cache lines; memory that can be mapped begins at a page.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ebb_socket_set);
} ebb_sockets SEC(".maps");

#endif
