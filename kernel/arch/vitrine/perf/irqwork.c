// SPDX-License-Identifier: GPL-2.0-only
/* irqwork.c - what may not be done where it is found to be necessary, such as waking a reader
 *
 * The vCPU interrupts itself: the bit is noticed as soon as interrupts are enabled (kernel/irq.c).
 */
#include <linux/irq_work.h>
#include <asm/vitrine.h>

/* Context: preemption is disabled */
void arch_irq_work_raise(void)
{
	__atomic_or_fetch(&vitrine_cpus[raw_smp_processor_id()].pending, 1U << VT_IRQ_WORK,
			  __ATOMIC_SEQ_CST);
}
