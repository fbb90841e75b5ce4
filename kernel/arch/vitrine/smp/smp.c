// SPDX-License-Identifier: GPL-2.0-only
/* smp.c - several vCPUs: each is a host thread that runs this kernel
 *
 * The supervisor has started the threads, which wait for cpu_start(). An interrupt between vCPUs is
 * a bit in the other's word, and a signal when it sleeps or waits for its guest. CPUs are all there
 * before the first program and none is ever taken away.
 *
 * They are brought up last. What the kernel does before, it would do to each of them, one after the
 * other: dozens of subsystems have every CPU run something, static branches stop them all. Those
 * that are not there find it done.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/jump_label.h>
#include <linux/interrupt.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <asm/habit.h>
#include <asm/several.h>
#include <asm/vitrine.h>

void vitrine_secondary_entry(void);
void vitrine_secondary_start(void);

void vitrine_host_yield(void)
{
	vt_host->yield();
}
EXPORT_SYMBOL(vitrine_host_yield);

void arch_smp_send_reschedule(int cpu)
{
	vitrine_kicks(cpu);
	vt_host->cpu_kick(cpu, VT_IRQ_RESCHEDULE);
}

void arch_send_call_function_single_ipi(int cpu)
{
	vt_host->cpu_kick(cpu, VT_IRQ_CALL);
}

void arch_send_call_function_ipi_mask(const struct cpumask *mask)
{
	int cpu;

	for_each_cpu(cpu, mask) vt_host->cpu_kick(cpu, VT_IRQ_CALL);
}

/* Before the machine halts. Who does not look at interrupts any more is left to the supervisor. */
void smp_send_stop(void)
{
	int cpu;

	for_each_online_cpu(cpu)
	{
		if (cpu != raw_smp_processor_id())
			vt_host->cpu_kick(cpu, VT_IRQ_STOP);
	}
}

static unsigned int cpus_wanted(void)
{
	return clamp_t(unsigned int, vt_boot->cpus, 1, NR_CPUS);
}

void __init vitrine_cpus_possible(void)
{
	for (unsigned int cpu = 0; cpu < cpus_wanted(); cpu++) {
		vitrine_cpus[cpu].number = cpu;
		set_cpu_possible(cpu, true);
	}
}

/*
 * The more CPUs there are, the larger SLUB makes slabs, so that CPUs exchange them less; and each
 * CPU keeps one of each kind. Ours share two or four CPUs of a host, so that slabs are as large as
 * with one. Who has given the option himself is heard later.
 */
static void __init keep_slabs_small(void)
{
	const struct obs_kernel_param *option;
	char objects[] = "8";

	for (option = __setup_start; option < __setup_end; option++) {
		if (!strcmp(option->str, "slab_min_objects="))
			option->setup_func(objects);
	}
}

/* The first that is called when there are per-CPU areas, and before there are slabs */
void __init smp_prepare_boot_cpu(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) vitrine_cpus[cpu].offset = per_cpu_offset(cpu);
	keep_slabs_small();
}

static unsigned int max_online __initdata; /* what "maxcpus=" says */

void __init smp_prepare_cpus(unsigned int max_cpus)
{
	for (unsigned int cpu = 0; cpu < cpus_wanted(); cpu++)
		set_cpu_present(cpu, true);
	max_online = max_cpus;
	setup_max_cpus = min(max_cpus, 1U);
}

void __init smp_cpus_done(unsigned int max_cpus)
{
}

DEFINE_STATIC_KEY_FALSE(vitrine_several_cpus);

static int __init bring_up_others(void)
{
	setup_max_cpus = max_online;
	if (max_online < 2 || num_present_cpus() < 2)
		return 0;
	static_branch_enable(&vitrine_several_cpus);
	bringup_nonboot_cpus(max_online);
	pr_info("smp: %u CPUs\n", num_online_cpus());
	return 0;
}
late_initcall_sync(bring_up_others);

int __cpu_up(unsigned int cpu, struct task_struct *idle)
{
	vitrine_cpus[cpu].task = idle;
	vitrine_cpus[cpu].irqs_off = 1;
	idle->thread.sp = (unsigned long)task_stack_page(idle) + THREAD_SIZE - 256;
	vt_host->cpu_start(cpu, (vt_u64)vitrine_secondary_entry, &vitrine_cpus[cpu],
			   &vitrine_cpus[cpu].pending);
	while (!cpu_online(cpu))
		cpu_relax();
	return 0;
}

/* The first C function of another vCPU, on the stack of its idle task */
void vitrine_secondary_start(void)
{
	unsigned int cpu = smp_processor_id();

	vitrine_cputime_begin();
	mmgrab(&init_mm);
	current->active_mm = &init_mm;
	notify_cpu_starting(cpu);
	vitrine_timer_setup();
	set_cpu_online(cpu, true);
	local_irq_enable();
	cpu_startup_entry(CPUHP_AP_ONLINE_IDLE);
}
