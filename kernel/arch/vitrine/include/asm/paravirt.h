/* SPDX-License-Identifier: GPL-2.0-only */
/* paravirt.h - time that the host gave to others is nobody's, for the scheduler too */
#ifndef _ASM_VITRINE_PARAVIRT_H
#define _ASM_VITRINE_PARAVIRT_H

#include <linux/types.h>

struct static_key;
extern struct static_key paravirt_steal_enabled, paravirt_steal_rq_enabled;

u64 vitrine_steal_clock(int cpu);

static inline u64 paravirt_steal_clock(int cpu)
{
	return vitrine_steal_clock(cpu);
}

#endif
