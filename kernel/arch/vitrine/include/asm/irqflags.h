/* SPDX-License-Identifier: GPL-2.0-only */
/* irqflags.h - interrupts are synchronous

 A host signal or thread only sets a bit in vitrine_pending. It is noticed when interrupts are
 enabled again, in cpu_relax(), in idle and on the way to user mode; so a disabled interrupt is a
 variable, and nothing asynchronous ever runs inside the kernel. */
#ifndef _ASM_VITRINE_IRQFLAGS_H
#define _ASM_VITRINE_IRQFLAGS_H

#ifndef __ASSEMBLY__
#include <linux/compiler.h>
#include <asm/vcpu.h>
void vitrine_run_interrupts(void);

static __always_inline unsigned long arch_local_save_flags(void)
{
	return vitrine_irqs_off;
}

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	barrier();
	vitrine_irqs_off = flags;
	if (!flags && __builtin_expect(vitrine_pending != 0, 0))
		vitrine_run_interrupts();
	barrier();
}

static __always_inline void arch_local_irq_disable(void)
{
	vitrine_irqs_off = 1;
	barrier();
}

static __always_inline void arch_local_irq_enable(void)
{
	arch_local_irq_restore(0);
}

static __always_inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = vitrine_irqs_off;

	arch_local_irq_disable();
	return flags;
}

static __always_inline bool arch_irqs_disabled_flags(unsigned long flags)
{
	return flags != 0;
}

static __always_inline bool arch_irqs_disabled(void)
{
	return vitrine_irqs_off;
}
#endif

#endif
