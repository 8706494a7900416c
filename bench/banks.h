/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What prove-banks and its programs share. */
#ifndef EBB_BENCH_BANKS_H
#define EBB_BENCH_BANKS_H

#define BANKS_PAYLOAD 600 /* UDP bytes sent */
#define BANKS_HEADERS 62  /* Ethernet, IPv6, UDP */
#define BANKS_FRAME   (BANKS_HEADERS + BANKS_PAYLOAD)
#define BANKS_LENGTHS 1024 /* frame lengths counted; a power of two */
#define BANKS_SPORT   40000
#define BANKS_DPORT   40001

#endif
