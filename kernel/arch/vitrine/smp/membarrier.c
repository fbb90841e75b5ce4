// SPDX-License-Identifier: GPL-2.0-only
/* membarrier.c - membarrier(2): order the accesses of threads that run on other vCPUs */
#include <linux/cpumask.h>
#include <linux/membarrier.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/syscalls.h>
#include <asm/vitrine.h>

/* Order what guest code of other vCPUs does: of one address space, or of all */
static void order_guests(struct mm_struct *only)
{
	int cpu;

	for_each_online_cpu(cpu)
	{
		struct mm_struct *mm = NULL;
		struct task_struct *task;

		rcu_read_lock();
		task = READ_ONCE(vitrine_cpus[cpu].task);
		if (cpu != raw_smp_processor_id() && !(task->flags & PF_KTHREAD))
			mm = READ_ONCE(task->mm);
		if (mm && ((only && mm != only) || !mmget_not_zero(mm)))
			mm = NULL;
		rcu_read_unlock();
		if (!mm)
			continue;
		if (mm->context.host)
			vt_host->mm_barrier(mm->context.host);
		mmput(mm);
		if (only)
			break;
	}
}

/*
 * The generic code interrupts the vCPUs that run the process, which leaves its host threads
 * running. What orders their accesses is the same call on the host, in the process itself.
 */
long vitrine_membarrier(int cmd, unsigned int flags, int cpu);

long vitrine_membarrier(int cmd, unsigned int flags, int cpu)
{
	const int everywhere = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED;
	long err = sys_membarrier(cmd, flags, cpu);

	if (!err && cmd != MEMBARRIER_CMD_QUERY && num_online_cpus() > 1)
		order_guests(cmd & everywhere ? NULL : current->mm);
	return err;
}
