// SPDX-License-Identifier: GPL-2.0-only
/* irq.c - the interrupt word as an interrupt controller
 *
 * Each vCPU has a word. Bit n of it is Linux interrupt n + 1, but for those that every vCPU gets
 * for itself: the timer, and what other vCPUs want of it (smp.c). vitrine_run_interrupts() is
 * called wherever interrupts become possible (asm/irqflags.h) and works the word off, on the stack
 * of whoever ran. It interrupts kernel code, unless its caller has set the irq regs: that is where
 * a tick's time goes.
 */
#include <linux/export.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>
#include <asm/observe.h>
#include <asm/perf_event.h>
#include <asm/vitrine.h>

struct vitrine_cpu vitrine_cpus[NR_CPUS] __section(".data") = {
	[0] = { .task = &init_task, .irqs_off = 1 },
};
EXPORT_SYMBOL(vitrine_cpus);

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
		irq_set_chip_and_handler(VT_IRQ_TO_LINUX(bit), &vitrine_irq_chip, handle_edge_irq);
}

int __init arch_probe_nr_irqs(void)
{
	return VT_IRQ_COUNT + 1;
}

/* What each vCPU gets for itself, as /proc/interrupts of x86 names it */
static const struct {
	unsigned int bit;
	const char *name, *text;
} own[] = {
	{ VT_IRQ_TIMER, "LOC", "Local timer interrupts" },
	{ VT_IRQ_RESCHEDULE, "RES", "Rescheduling interrupts" },
	{ VT_IRQ_CALL, "CAL", "Function call interrupts" },
	{ VT_IRQ_WORK, "IWI", "IRQ work interrupts" },
};

static DEFINE_PER_CPU(unsigned int[VT_IRQ_COUNT], own_count);

int arch_show_interrupts(struct seq_file *m, int width)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
		seq_printf(m, "%*s: ", width, own[i].name);
		for_each_online_cpu(cpu)
		    seq_printf(m, "%10u ", per_cpu(own_count, cpu)[own[i].bit]);
		seq_printf(m, "  %s\n", own[i].text);
	}
	return 0;
}

static void handle(unsigned int bit)
{
	vitrine_interrupts(bit);
	__this_cpu_inc(own_count[bit]);
	switch (bit) {
	case VT_IRQ_TIMER:
		vitrine_timer_interrupt();
		break;
	case VT_IRQ_RESCHEDULE:
		scheduler_ipi();
		break;
	case VT_IRQ_CALL:
		generic_smp_call_function_interrupt();
		break;
	case VT_IRQ_WORK:
		irq_work_run();
		break;
	case VT_IRQ_STOP:
		vt_host->cpu_stop();
		break;
	default:
		generic_handle_irq(VT_IRQ_TO_LINUX(bit));
	}
}

void vitrine_run_interrupts(void)
{
	struct pt_regs kernel_regs = { 0 }; /* kernel mode */
	unsigned int word, bit;

	vitrine_caller_regs(&kernel_regs, __builtin_frame_address(0));
	while (vitrine_pending) {
		struct pt_regs *old;

		vitrine_irqs_off = 1;
		lockdep_hardirqs_off(_THIS_IP_);
		word = __atomic_exchange_n(&vitrine_cpus[raw_smp_processor_id()].pending, 0,
					   __ATOMIC_SEQ_CST);
		old = get_irq_regs();
		if (!old || in_serving_softirq())
			set_irq_regs(&kernel_regs);
		irq_enter();
		while (word) {
			bit = __builtin_ctz(word);
			word &= word - 1;
			handle(bit);
		}
		irq_exit();
		set_irq_regs(old);
		lockdep_hardirqs_on_prepare();
		lockdep_hardirqs_on(_THIS_IP_);
		vitrine_irqs_off = 0;
	}
}
EXPORT_SYMBOL(vitrine_run_interrupts);
