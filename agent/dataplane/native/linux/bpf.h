/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <linux/bpf.h> for packet programs that are compiled natively: the kernel's file, but in the contexts the packet's
 * pointers are as wide as this machine's.
 */
#ifndef EBB_NATIVE_LINUX_BPF_H
#define EBB_NATIVE_LINUX_BPF_H

#pragma GCC system_header /* include_next is an extension */
#define xdp_md	  ebb_uapi_xdp_md
#define __sk_buff ebb_uapi_sk_buff
#include_next <linux/bpf.h>
#undef xdp_md
#undef __sk_buff

struct xdp_md {
	unsigned long data;
	unsigned long data_end;
	__u32 ingress_ifindex;
};

struct __sk_buff {
	unsigned long data;
	unsigned long data_end;
	__u32 len;
	__u32 protocol; /* network order, after the tag that was taken out */
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto; /* network order */
	__u32 ifindex;
	__u32 ingress_ifindex;
	__u32 gso_segs;
	__u32 gso_size;
};

#endif
