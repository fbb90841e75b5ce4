/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_VDSO_PROCESSOR_H
#define _ASM_VITRINE_VDSO_PROCESSOR_H

#ifndef __ASSEMBLY__
#ifdef VITRINE_VDSO
static __always_inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}
#else
#include <asm/irqflags.h>

/* A busy wait may wait for an interrupt, which only the waiter can take */
static __always_inline void cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
	if (!vitrine_irqs_off && vitrine_pending)
		vitrine_run_interrupts();
	if (!(++vitrine_this->spins & 127)) /* whom we wait for may want this host CPU */
		vitrine_host_yield();
}
#endif
#endif

#endif
