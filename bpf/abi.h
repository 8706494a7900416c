/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The line between kernel and user space: every structure that both sides
 * touch is declared here, once. C for the BPF programs, C++ for the agent.
 *
 * One memory-mapped array (map ebb_live) holds struct ebb_live: the live word, the dead-man's deadline, the interface
 * flags, the two policy banks and the counters.
 * Anything that changes a layout or the meaning of a value raises EBB_ABI,
 * which names the folder of the pins, so two ABIs never share a map.
 */
#ifndef EBB_ABI_H
#define EBB_ABI_H

#include <linux/types.h>

#define EBB_ABI 8

#define EBB_RULES	64  /* rule bits of a policy: one bit of a __u64 each */
#define EBB_CLASSES	64  /* traffic classes; slot EBB_CLASSES counts what no rule matched */
#define EBB_CLASS_ROWS	128 /* EBB_CLASSES + 1, rounded up: table indexes are masked */
#define EBB_CLASS_NAME	32  /* bytes, with the closing NUL */
#define EBB_STATES	8   /* power states (4 used), rounded up */
#define EBB_IFACES	256 /* interface flags, by the low byte of the ifindex */
#define EBB_CPUS	1024 /* highest CPU number + 1 that steering can name */
#define EBB_COUNTED	128 /* CPUs with counters of their own: of one number modulo this they share them, and lose counts */
#define EBB_STEER_SLOTS 128 /* flow hash -> CPU */
#define EBB_OWNERS	256 /* services whose ports are known; 0: nobody, unknown, or more than one */
#define EBB_SETS	64  /* of our own addresses, by EBB_ADDRESS_SET() */
#define EBB_WAYS	4   /* addresses in a set */
#define EBB_DROPS	32  /* drops that each CPU remembers */
#define EBB_SOCKET_WAYS 8   /* flows in a set of the socket cache: one cache line */
#define EBB_STORMS	64  /* CPUs of one number modulo this share a struct ebb_storm */
#define EBB_KEYS	10  /* secret words of the flow hash */

/* The live word, read once per packet. */
#define EBB_WORD_BANK	    0x1 /* bank in force */
#define EBB_WORD_ENFORCE    0x2 /* 0: observe, count only */
#define EBB_WORD_STATE(w)   (((w) >> 4) & 7)
#define EBB_WORD_MODE(w)    (((w) >> 8) & 3)
#define EBB_WORD_GENERATION 16 /* bits 16..31: counts publications, wraps */

enum ebb_state { EBB_PERFORMANCE, EBB_BALANCED, EBB_POWER_SAVER, EBB_CRITICAL };

enum ebb_delivery { EBB_UNICAST, EBB_MULTICAST, EBB_BROADCAST, EBB_DELIVERIES = 4 };

/* Where a unicast packet goes; broadcast and multicast go to EBB_TO_ALL. */
enum ebb_destination {
	EBB_TO_ALL,
	EBB_TO_US,	  /* to a MAC address and an IP address of ours */
	EBB_TO_FORWARDED, /* to a MAC address of ours and an IP address of somebody else */
	EBB_DESTINATIONS = 4,
};

/* What happened, or in observe would have happened, to a packet. */
enum ebb_verdict {
	EBB_PASS,	/* left alone by its class, or in no class */
	EBB_DROP,
	EBB_TRIM,
	EBB_STEER,
	EBB_TRIM_STEER,
	EBB_ANSWER,	/* answered from the hook */
	EBB_LIMIT,	/* dropped: above its class's rate */
	EBB_SPARED,	/* passed, for another reason than its class's treatment; only a row of the counters */
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
	EBB_R_UNANSWERABLE,  /* would answer, but it is not a plain request for an address of this interface */
	EBB_R_FAILED,	     /* the kernel refused to shorten or to answer the packet */
	/* protected traffic (docs/safety.md) */
	EBB_R_ETHERTYPE,     /* neither IPv4, IPv6 nor ARP */
	EBB_R_ARP,
	EBB_R_NEIGHBOUR,     /* IPv6 neighbour and router discovery, redirects */
	EBB_R_MULTICAST_CTL, /* IGMP, MLD */
	EBB_R_ICMP_ERROR,
	EBB_R_DHCP,
	EBB_R_TCP_CONTROL,   /* SYN, FIN, RST, and TCP fragments, whose flags and ports are hidden */
	EBB_R_MANAGEMENT,    /* a management port */
	EBB_R_TUNNEL,	     /* IPsec, WireGuard: what is inside may be the management session */
	EBB_R_CLOCK,	     /* PTP over UDP */
	EBB_R_NAMES,	     /* mDNS, while a socket here listens to it */
	EBB_REASONS = 32,
};

#define EBB_T_DROP	   0x1
#define EBB_T_TRIM_PADDING 0x2
#define EBB_T_TRIM	   0x4
#define EBB_T_STEER	   0x8
#define EBB_T_ANSWER	   0x10
#define EBB_T_LIMIT	   0x20
#define EBB_T_URGENT	   0x40 /* no treatment: the class is urgent, and its first packet after quiet wakes the agent */

struct ebb_treatment {
	__u8 class_slot;
	__u8 flags;	/* EBB_T_* */
	__u16 trim_to;	/* UDP payload bytes that stay, with EBB_T_TRIM */
	__u32 rate;	/* packets per second, with EBB_T_LIMIT; at least 1 */
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
	__u64 any_owner;  /* rules that name no service: what holds where services are not known */
	__u64 late;	  /* rules that name a length or an address; these are looked up only while such a rule stands */
	/* Rules that name one of the rarer fields; likewise, after these, in this order: */
	__u64 sported;	  /* a source port */
	__u64 aimed;	  /* `to` */
	__u64 asked;	  /* one of the next two */
	__u64 owned;	  /* a service */
	__u64 no_listener; /* that no socket wants the packet */
	__u64 delivery[EBB_DELIVERIES]; /* of tagged frames */
	__u64 untagged[EBB_DELIVERIES]; /* of others: without the rules that name a VLAN */
	__u64 to[EBB_DESTINATIONS];
	/* By protocol, of the rules that accept the ethertype; for anything but TCP without those that name TCP flags */
	__u64 proto_ipv4[256];
	__u64 tcp_flags[256]; /* by byte 13 of the TCP header */
	__u64 dscp[256]; /* by the byte that it lies in, with the two bits of ECN */
	/* 16-bit fields: value -> equivalence class (below) -> rules */
	__u64 sport[256];
	__u64 dport[256];
	__u64 shield[256]; /* by dport class: why such a port is protected, enum ebb_reason, or 0 */
	__u64 length[256]; /* L3 length of one datagram, bytes */
	__u64 ipv4_src[4][256]; /* by address byte */
	__u64 ipv4_dst[4][256];
	/* The first 32 KiB, which one instruction reaches, end here; what follows is larger or rarer. */
	__u64 proto_ipv6[256];
	__u64 ethertype[256]; /* of frames that are not IP; after the VLAN tags */
	__u64 vlan[256];
	__u64 owner[EBB_OWNERS]; /* by ebb_live.owner; [0]: any_owner */
	__u8 vlan_class[4096];	 /* by the id in the outermost tag; of a tag for priority only it is 0 */
	__u8 ethertype_class[65536];
	__u8 length_class[65536]; /* by the length in wire order, as it is in the IPv4 header */
	__u8 sport_class[65536]; /* by the port in wire order, as it is in the header */
	__u8 dport_class[65536];
	__u64 ipv6_src[16][256]; /* as for IPv4; between the two is where one instruction reaches both from */
	__u64 ipv6_dst[16][256];
	struct ebb_treatment treat[EBB_STATES][EBB_RULES];
	struct ebb_steer steer[EBB_STATES];
	char class_name[EBB_CLASSES][EBB_CLASS_NAME]; /* slot -> name, "" = free; not read by the programs */
};

#define EBB_IF_TERMINAL 0x1 /* traffic ends here: drop and trim are allowed */
#define EBB_IF_STEER	0x2 /* steering works here, by one of: */
#define EBB_IF_RPS	0x4 /* yes: the RPS mask moves packets, and steer is only counted; no: the cpumap, in XDP */
#define EBB_IF_SOCKETS	0x8 /* a local port is a local socket: listener and service can be known */
/* Requests for the interface's own addresses that the stack itself would answer: */
#define EBB_IF_ARP	0x10
#define EBB_IF_ECHO4	0x20
#define EBB_IF_ECHO6	0x40
#define EBB_IF_ND	0x80
#define EBB_IF_ROUTER	0x100 /* says so in its neighbour advertisements */

/* A slot is shared by the interfaces whose numbers have the same low byte. */
struct ebb_iface {
	__u32 flags;   /* EBB_IF_* */
	__u32 ifindex; /* the one that `mac` and the answers are for; 0: none */
	__u64 mac;     /* its address, as ebb_mac() reads it */
};

/*
 * An own address may be answered for on its interface. The agent sets `answer` last when it adds one, and zeroes it
 * first when it removes one; a slot is used again only after a grace period, or for the same address.
 */
struct ebb_address {
	__u32 word[4]; /* network order; IPv4: the first. All 0: free */
	__u32 ifindex;
	__u32 answer;  /* yes or no: not while it is tentative, nor for an address of a narrower scope */
};

/* IPv4: the address word; IPv6: the words folded by XOR. Any order of bytes: it only spreads. */
#define EBB_ADDRESS_SET(word) ((word) * 0x9e3779b1u >> 26) /* word: __u32 */

/* Map ebb_sockets: a cache line. */
struct ebb_socket_set {
	__u64 way[EBB_SOCKET_WAYS]; /* sockets.h */
};

/* Of a CPU, a cache line: storms in the cache of sockets (sockets.h). */
struct ebb_storm {
	__u64 unknown; /* flows in a row that there was no place for; in a storm, packets */
	__u64 pad[7];
};

struct ebb_count {
	__u64 packets;
	__u64 bytes; /* frames with their VLAN tags, without the checksum */
};

/* What one CPU counted. */
struct ebb_counters {
	struct ebb_count verdict[EBB_CLASS_ROWS][EBB_VERDICTS];
	__u64 passed[EBB_REASONS]; /* packets, by enum ebb_reason; EBB_R_TREATMENT and EBB_R_UNCLASSIFIED: see EBB_PASS */
};

struct ebb_live {
	/* One cache line: what a packet reads. */
	__u32 word;	  /* EBB_WORD_*; published with release, read once per packet */
	__u32 epoch;	  /* counts sockets that bind or listen (sock.bpf.c); a change ends cached answers */
	__u64 deadline;	  /* jiffies; past it every program passes everything. 0: inert */
	__u64 zero;	  /* always 0, which the verifier cannot know (packet.h) */
	__u32 cache_shift; /* a cached answer lasts at most 2^this jiffies; 0: nothing is cached */
	__u32 socket_sets; /* of each CPU in map ebb_sockets, minus 1: a mask */
	__u32 owners_epoch; /* counts what makes every known owner doubtful (sock.bpf.c) */
	__u32 owners_known; /* the owners_epoch that `owner` was made for; another one: no owner is known */
	__u32 armed;	  /* yes: the next packet of an urgent class raises an event, and disarms (wake.h) */
	__u32 hz;	  /* jiffies per second */
	__u32 key[EBB_KEYS]; /* random, from the agent; four are IPv4's, and in this line */
	__u64 jiffies;	  /* at the last beat */
	__u64 beat_ticks; /* jiffies that a beat lasts */
	__u64 code;	  /* checksum of the objects that are attached; the agent's own business */
	__u64 pad[2];
	struct ebb_storm storm[EBB_STORMS];
	__u64 bucket[EBB_CLASS_ROWS]; /* limits, by class slot: when the next packet is due, jiffies << 20 */
	struct ebb_iface iface[EBB_IFACES];
	__u64 first_mac;	       /* one of our MAC addresses: on most machines the only one */
	__u64 us_mac[256][2];	       /* all of them, by their last byte; 0: free */
	__u32 us_ipv4[256][EBB_WAYS];  /* our IPv4 addresses, by their last byte; 0: free */
	struct ebb_address ipv4[EBB_SETS][EBB_WAYS];
	struct ebb_address ipv6[EBB_SETS][EBB_WAYS];
	__u8 owner[2][65536]; /* TCP, UDP; by local port in host order */
	struct ebb_bank bank[2];
	/* By CPU. The agent's map ends after those of the possible CPUs, rounded up to a power of two. */
	struct ebb_counters counters[EBB_COUNTED] __attribute__((aligned(64)));
};

/* A packet that was dropped, or would have been: what `why-dropped` shows. */
struct ebb_drop {
	__u64 jiffies;
	__u32 ifindex;
	__u32 word;	/* the live word: state, enforcement, generation */
	__u32 src[4], dst[4]; /* network order; IPv4: the first word */
	__be16 sport, dport;
	__u16 ethertype;
	__u16 length;	/* bytes of the frame */
	__u8 proto;
	__u8 rule;	/* bit */
	__u8 class_slot;
	__u8 verdict;	/* EBB_DROP or EBB_LIMIT */
	__u32 reserved;
};

/* Map ebb_events, a ring buffer: the first packet of an urgent class after quiet. */
struct ebb_event {
	__u32 class_slot;
	__u32 reserved;
};

/* Map ebb_drops, one value per CPU: a ring. */
struct ebb_drops {
	__u64 next; /* drops so far; the ring's slot is next % EBB_DROPS */
	struct ebb_drop drop[EBB_DROPS];
};

#endif
