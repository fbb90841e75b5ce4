/* SPDX-License-Identifier: GPL-2.0-only */
/* irq.h - Linux interrupt n + 1 is bit n of the interrupt word */
#ifndef _ASM_VITRINE_IRQ_H
#define _ASM_VITRINE_IRQ_H

#define NR_IRQS 64
#define VT_IRQ_TO_LINUX(bit) ((bit) + 1)

static inline int irq_canonicalize(int irq)
{
	return irq;
}

#endif
