/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The kinds of requests that witness.bpf.c counts. */
#ifndef EBB_WITNESS_H
#define EBB_WITNESS_H

enum { WITNESS_ARP, WITNESS_ECHO4, WITNESS_ECHO6, WITNESS_ND, WITNESS_KINDS };

#endif
