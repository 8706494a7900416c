/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The event of the first urgent packet after quiet. The agent arms it in every traffic mode but `interactive`; the packet
 * that raises it disarms, so that a busy class pays for one event, not for one per packet.
 */
#ifndef EBB_WAKE_H
#define EBB_WAKE_H

#include "maps.h"

/* A global function: the verifier checks it once, and only the packet that wakes pays the call. */
__noinline int ebb_wake(__u32 class_slot)
{
	struct ebb_event event = {.class_slot = class_slot};

	ebb_live.armed = 0; /* CPUs that meet here raise one each: kernels before 5.12 have no atomic exchange */
	bpf_ringbuf_output(&ebb_events, &event, sizeof(event), BPF_RB_FORCE_WAKEUP);
	return 0;
}

#endif
