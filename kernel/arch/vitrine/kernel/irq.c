// SPDX-License-Identifier: GPL-2.0-only
/* irq.c - the interrupt word as an interrupt controller
 *
 * Bit n of vitrine_pending is Linux interrupt n + 1. vitrine_run_interrupts() is called wherever
 * interrupts become possible (asm/irqflags.h) and works the word off, on the stack of whoever ran.
 * It interrupts kernel code, unless its caller has set the irq regs: that is where a tick's time
 * goes.
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/sched/task_stack.h>
#include <asm/irq_regs.h>
#include <asm/observe.h>
#include <asm/vitrine.h>

unsigned long vitrine_irqs_off = 1;
EXPORT_SYMBOL(vitrine_irqs_off);
volatile unsigned int vitrine_pending;
EXPORT_SYMBOL(vitrine_pending);

static void irq_nop(struct irq_data *data)
{
}

static struct irq_chip vitrine_irq_chip = {
	.name = "vitrine",
	.irq_mask = irq_nop,
	.irq_unmask = irq_nop,
	.irq_ack = irq_nop,
};

void __init init_IRQ(void)
{
	unsigned int bit;

	for (bit = 0; bit < VT_IRQ_COUNT; bit++)
		irq_set_chip_and_handler(VT_IRQ_TO_LINUX(bit), &vitrine_irq_chip,
					 handle_simple_irq);
}

int __init arch_probe_nr_irqs(void)
{
	return VT_IRQ_COUNT + 1;
}

void vitrine_run_interrupts(void)
{
	static struct pt_regs kernel_regs;
	unsigned int word, bit;

	while (vitrine_pending) {
		struct pt_regs *old;

		vitrine_irqs_off = 1;
		word = __atomic_exchange_n(&vitrine_pending, 0, __ATOMIC_SEQ_CST);
		old = get_irq_regs();
		if (!old || in_serving_softirq())
			set_irq_regs(&kernel_regs);
		irq_enter();
		while (word) {
			bit = __builtin_ctz(word);
			word &= word - 1;
			vitrine_interrupts(bit);
			generic_handle_irq(VT_IRQ_TO_LINUX(bit));
		}
		irq_exit();
		set_irq_regs(old);
		vitrine_irqs_off = 0;
	}
}
EXPORT_SYMBOL(vitrine_run_interrupts);
