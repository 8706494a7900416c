/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The line between kernel and user space: every structure that both sides
 * touch is declared here, once. C for the BPF programs, C++ for the agent.
 *
 * One memory-mapped array (map ebb_live) holds struct ebb_live: the live word,
 * the dead-man's deadline, the interface flags and the two policy banks.
 * Anything that changes a layout or the meaning of a value raises EBB_ABI,
 * which names the folder of the pins, so two ABIs never share a map.
 */
#ifndef EBB_ABI_H
#define EBB_ABI_H

#include <linux/types.h>

#define EBB_ABI 1

#define EBB_RULES	64  /* rule bits of a policy: one bit of a __u64 each */
#define EBB_CLASSES	64  /* traffic classes; slot EBB_CLASSES counts what no rule matched */
#define EBB_CLASS_ROWS	128 /* EBB_CLASSES + 1, rounded up: table indexes are masked */
#define EBB_CLASS_NAME	32  /* bytes, with the closing NUL */
#define EBB_STATES	8   /* power states (4 used), rounded up */
#define EBB_IFACES	256 /* interface flags, by the low byte of the ifindex */
#define EBB_CPUS	1024 /* highest CPU number + 1 that steering can name */
#define EBB_STEER_SLOTS 128 /* flow hash -> CPU */

/* The live word, read once per packet. */
#define EBB_WORD_BANK	    0x1 /* bank in force */
#define EBB_WORD_ENFORCE    0x2 /* 0: observe, count only */
#define EBB_WORD_STATE(w)   (((w) >> 4) & 7)
#define EBB_WORD_MODE(w)    (((w) >> 8) & 3)
#define EBB_WORD_GENERATION 16 /* bits 16..31: counts publications, wraps */

enum ebb_state { EBB_PERFORMANCE, EBB_BALANCED, EBB_POWER_SAVER, EBB_CRITICAL };

enum ebb_delivery { EBB_UNICAST, EBB_MULTICAST, EBB_BROADCAST, EBB_DELIVERIES = 4 };

/* What happened, or in observe would have happened, to a packet. */
enum ebb_verdict {
	EBB_PASS,
	EBB_DROP,
	EBB_TRIM,
	EBB_STEER,
	EBB_TRIM_STEER,
	EBB_VERDICTS = 8,
};

/* Why a packet was passed: each one whose verdict is EBB_PASS has one reason. */
enum ebb_reason {
	EBB_R_INERT,	     /* the agent is dead, stopped or paused */
	EBB_R_MALFORMED,     /* a header is cut short or contradicts itself */
	EBB_R_UNPARSED,	     /* more IPv6 extension headers than are followed */
	EBB_R_UNCLASSIFIED,  /* no rule matches */
	EBB_R_TREATMENT,     /* its class says pass in this state */
	EBB_R_FORWARDS,	     /* would drop or trim, but the interface forwards or is a bridge port */
	EBB_R_NOTHING_TO_DO, /* would trim, but it is short enough; would steer, but there is no mask */
	EBB_R_UNTRIMMABLE,   /* would trim, but it is a fragment, a GRO packet or not plain UDP */
	EBB_R_FAILED,	     /* the kernel refused to shorten the packet */
	/* protected traffic (docs/safety.md) */
	EBB_R_ETHERTYPE,     /* neither IPv4, IPv6 nor ARP */
	EBB_R_ARP,
	EBB_R_NEIGHBOUR,     /* IPv6 neighbour and router discovery, redirects */
	EBB_R_MULTICAST_CTL, /* IGMP, MLD */
	EBB_R_ICMP_ERROR,
	EBB_R_DHCP,
	EBB_R_TCP_CONTROL,   /* SYN, FIN, RST, and TCP fragments, whose flags and ports are hidden */
	EBB_R_MANAGEMENT,    /* a management port */
	EBB_REASONS = 32,
};

#define EBB_T_DROP	   0x1
#define EBB_T_TRIM_PADDING 0x2
#define EBB_T_TRIM	   0x4
#define EBB_T_STEER	   0x8

struct ebb_treatment {
	__u8 class_slot;
	__u8 flags;	/* EBB_T_* */
	__u16 trim_to;	/* UDP payload bytes that stay, with EBB_T_TRIM */
};

/* CPUs that a state's steered flows use. */
struct ebb_steer {
	__u32 count; /* CPUs in the mask; 0: steering is off */
	__u32 pad;
	__u64 mask[EBB_CPUS / 64];
	__u16 cpu[EBB_STEER_SLOTS];
};

/*
 * One whole policy. Each table entry is the set of rules that accept that value;
 * a rule that does not name a field accepts every value of it. The AND over a
 * packet's fields, lowest bit first, is its rule.
 */
struct ebb_bank {
	__u64 any_ip;	  /* rules that name no IP field: what a frame without IP can match */
	__u64 any_ports;  /* rules that name no port: what a packet without ports can match */
	__u64 ipv4, ipv6; /* the sets of these two ethertypes */
	__u64 late;	  /* rules that name a length or an address: only for these are they looked up */
	__u64 delivery[EBB_DELIVERIES];
	__u64 proto[256];
	/* 16-bit fields: value -> equivalence class (below) -> rules */
	__u64 ethertype[256]; /* of frames that are not IP; after the VLAN tags */
	__u64 length[256];    /* L3 length of one datagram, bytes */
	__u64 sport[256];
	__u64 dport[256];
	__u8 management[256]; /* by dport class: EBB_R_MANAGEMENT or 0 */
	__u64 ipv4_src[4][256]; /* by address byte */
	__u64 ipv4_dst[4][256];
	/* The first 32 KiB, which one instruction reaches, end about here; what follows is larger or rarer. */
	__u8 ethertype_class[65536];
	__u8 length_class[65536];
	__u8 sport_class[65536]; /* by the port in wire order, as it is in the header */
	__u8 dport_class[65536];
	__u64 ipv6_src[16][256];
	__u64 ipv6_dst[16][256];
	struct ebb_treatment treat[EBB_STATES][EBB_RULES];
	struct ebb_steer steer[EBB_STATES];
	char class_name[EBB_CLASSES][EBB_CLASS_NAME]; /* slot -> name, "" = free; not read by the programs */
};

#define EBB_IF_TERMINAL 0x1 /* traffic ends here: drop and trim are allowed */
#define EBB_IF_STEER	0x2 /* steering works here, by one of: */
#define EBB_IF_RPS	0x4 /* yes: the RPS mask moves packets, and steer is only counted; no: the cpumap, in XDP */

struct ebb_live {
	__u32 word; /* EBB_WORD_*; published with release, read once per packet */
	__u32 pad;
	__u64 deadline;	  /* jiffies; past it every program passes everything. 0: inert */
	__u64 jiffies;	  /* at the last beat */
	__u64 beat_ticks; /* jiffies that a beat lasts */
	__u64 zero;	  /* always 0, which the verifier cannot know (packet.h) */
	__u64 code;	  /* checksum of the objects that are attached; the agent's own business */
	__u64 reserved[2];
	__u32 iface[EBB_IFACES]; /* EBB_IF_*, by ifindex & 255 */
	struct ebb_bank bank[2];
};

struct ebb_count {
	__u64 packets;
	__u64 bytes; /* frames with their VLAN tags, without the checksum */
};

/* Map ebb_counters, one value per CPU. */
struct ebb_counters {
	struct ebb_count verdict[EBB_CLASS_ROWS][EBB_VERDICTS];
	__u64 passed[EBB_REASONS]; /* packets, by enum ebb_reason */
};

#endif
