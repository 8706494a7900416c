/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What capture.bpf.c saw last, shared with the test. */
#ifndef EBB_TEST_CAPTURE_H
#define EBB_TEST_CAPTURE_H

#include <linux/types.h>

#define EBB_CAPTURE_BYTES 65536 /* no test frame is longer */

struct ebb_capture {
	__u32 seen; /* packets so far */
	__u32 size; /* of the last one, without the tag that the kernel took out */
	__u32 tagged;
	__u16 tag_proto, tag; /* network and host order, as __sk_buff has them */
	__u8 bytes[EBB_CAPTURE_BYTES];
};

#endif
