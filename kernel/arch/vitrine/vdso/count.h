/* SPDX-License-Identifier: GPL-2.0-only */
/* count.h - calls that the vDSO answers, counted while somebody observes */
#ifndef VITRINE_VDSO_COUNT_H
#define VITRINE_VDSO_COUNT_H

#include <linux/types.h>
#include <asm/vdso/counts.h>
#include <vdso/datapage.h>

extern struct vitrine_guest_page _vdso_counts __attribute__((visibility("hidden")));

/*
 * The page is brought in by reading it: its area is not writable, its entry is. One instruction,
 * because a signal handler counts in the same place.
 */
static noinline void count_one(u64 *calls)
{
	if (_vdso_data->arch_data.counting == VDSO_COUNTS_TIMENS &&
	    _timens_data->arch_data.counting != VDSO_COUNTS_ON)
		return;
	(void)READ_ONCE(*calls);
	asm volatile("incq %0" : "+m"(*calls));
}

static __always_inline void count(enum vitrine_guest_call call)
{
	if (IS_ENABLED(CONFIG_VITRINE_OBSERVE) && unlikely(_vdso_data->arch_data.counting))
		count_one(&_vdso_counts.calls[call]);
}

#endif
