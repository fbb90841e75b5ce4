/* SPDX-License-Identifier: GPL-2.0-only */
/* mmu.h - the software TLB's part of an address space; see mm/hosttlb.c */
#ifndef _ASM_VITRINE_MMU_H
#define _ASM_VITRINE_MMU_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/spinlock_types.h>

struct vt_mm;
struct vt_map_op;
struct vitrine_guest_counts;

typedef struct {
	struct vt_mm *host;	 /* NULL until a thread needs it */
	struct list_head hosted; /* of those that have one: suspend/hosts.c */
	void __user *vdso;
	struct vitrine_guest_counts *counts; /* NULL: nothing was counted; see vdso/vma.c */
	u64 counts_since;		     /* when the kernel looked at them last */
	bool pkey_refused;		     /* kernel/syscall.c */
	bool dying;			     /* exit_mmap() runs: nothing will execute here again */
	bool prefill;			     /* fork child: map what its parent had mapped */
	atomic_t in_guest;		     /* vCPUs on which it may execute right now */
	spinlock_t lock;		     /* of the queue, and while the host works it off */
	unsigned int queued; /* changes that the host does not know of yet, in order */
	struct vt_map_op *queue;
} mm_context_t;

#endif
