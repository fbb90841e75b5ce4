/* SPDX-License-Identifier: GPL-2.0-only */
/* counts.h - calls that the vDSO answers are counted by the vDSO
 *
 * A page of an address space's own that guest code writes: whatever is in it is the guest's word
 * about itself. observe/probes/guestcalls.c takes it from there.
 */
#ifndef _ASM_VITRINE_VDSO_COUNTS_H
#define _ASM_VITRINE_VDSO_COUNTS_H

#include <linux/types.h>

enum vitrine_guest_call {
	GUEST_CLOCK_GETTIME,
	GUEST_GETTIMEOFDAY,
	GUEST_TIME,
	GUEST_CLOCK_GETRES,
	GUEST_GETCPU,
	GUEST_GETRANDOM,
	NR_GUEST_CALLS,
};

/* The guest's page. Only the guest writes it: it may be running while the kernel looks */
struct vitrine_guest_page {
	u64 calls[NR_GUEST_CALLS];
};

/**
 * struct vitrine_guest_counts - what the kernel keeps of an address space's page
 * @seen: what was there when it looked last
 */
struct vitrine_guest_counts {
	struct vitrine_guest_page *page;
	u64 seen[NR_GUEST_CALLS];
};

/* vdso/vma.c; NULL is fine */
void vitrine_guest_counts_free(struct vitrine_guest_counts *counts);

/* arch_vdso_data.counting; a time namespace's page refers to the system's */
enum { VDSO_COUNTS_OFF, VDSO_COUNTS_ON, VDSO_COUNTS_TIMENS };

#endif
