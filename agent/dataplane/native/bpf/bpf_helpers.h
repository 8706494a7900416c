/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <bpf/bpf_helpers.h> for packet programs that are compiled natively: the same words for another machine. */
#ifndef EBB_NATIVE_BPF_HELPERS_H
#define EBB_NATIVE_BPF_HELPERS_H

#include <stddef.h>
#include "dataplane/native/helpers.h"

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define barrier_var(variable) __asm__ volatile("" : "+r"(variable))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) __typeof__(value) *name

/* Both objects have maps and functions of the same names: a function is the object's own, a map serves both. */
#define __noinline static __attribute__((noinline))
#define SEC(name)  __attribute__((weak))

/* Chosen by the type of the map's values; each has one entry here. */
#define bpf_map_lookup_elem(map, key)                           \
	((void)(key), _Generic((map)->value,                    \
		struct ebb_drops *: ebb_native_drops(),         \
		struct ebb_reply *: ebb_native_reply(),         \
		struct ebb_socket_set *: ebb_native_sockets()))
#define bpf_redirect_map(map, key, flags) ebb_native_redirect_cpu(key)

#endif
