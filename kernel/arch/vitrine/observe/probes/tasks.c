// SPDX-License-Identifier: GPL-2.0-only
/* tasks.c - a slot of the region for each thread of a guest
 *
 * Theory of operation
 * A task has its slot from fork to exit (task->thread.counters); those that are there when
 * observing begins get theirs then. Beside the table in the region, which observers see, is one of
 * the same size for what the kernel keeps to itself, so that the slot's index finds both. Free
 * slots are a stack: a sandbox with few tasks touches few pages of the region.
 *
 * Kernel threads have none. Neither has a task that finds the table full; it is asked again at each
 * of its calls, and until then it is not counted (vt_counters.tasks_lost tells).
 */
#include <linux/gfp.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "../observe.h"

struct task_table {
	struct vt_observed observed[VT_TELEMETRY_TASKS];
	u16 free[VT_TELEMETRY_TASKS];
	unsigned int nr_free;
};

static struct task_table *table;
static DEFINE_RAW_SPINLOCK(free_lock); /* of the stack of free slots */

static struct vt_task_counters *pop_free(void)
{
	struct vt_task_counters *slot = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&free_lock, flags);
	if (table->nr_free)
		slot = &vt_region->tasks[table->free[--table->nr_free]];
	raw_spin_unlock_irqrestore(&free_lock, flags);
	return slot;
}

static void push_free(const struct vt_task_counters *slot)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&free_lock, flags);
	table->free[table->nr_free++] = slot - vt_region->tasks;
	raw_spin_unlock_irqrestore(&free_lock, flags);
}

static struct vt_task_counters *slot_take(struct task_struct *task)
{
	struct vt_task_counters *slot;

	if (task->flags & (PF_KTHREAD | PF_EXITING))
		return NULL;
	slot = pop_free();
	if (!slot)
		return NULL;
	memset(slot, 0, sizeof(*slot));
	slot->tgid = task->tgid;
	slot->born_ns = vt_now();
	memcpy(slot->comm, task->comm, sizeof(slot->comm));
	slot->call = -1;
	task->thread.counters = slot;
	vt_observed(task)->call.phase = VT_CALL_NONE;
	smp_store_release(&slot->pid, task->pid);
	return slot;
}

static void slot_free(struct task_struct *task)
{
	struct vt_task_counters *slot = task->thread.counters;
	struct vt_observed *observed = vt_observed(task);

	task->thread.counters = NULL;
	WRITE_ONCE(slot->pid, 0);
	free_page((unsigned long)observed->captured);
	observed->captured = NULL;
	push_free(slot);
}

/**
 * vt_observed_new() - Take a slot for a task that has none
 * @task: current, or one that cannot go away
 *
 * Return: what is kept of it; NULL for kernel threads, and when there is no room.
 */
struct vt_observed *vt_observed_new(struct task_struct *task)
{
	return slot_take(task) ? vt_observed(task) : NULL;
}

/**
 * vt_task_forked() - There is one more task
 */
void vt_task_forked(struct task_struct *task)
{
	if (!slot_take(task) && !(task->flags & (PF_KTHREAD | PF_EXITING)))
		vt_count(&vt_region->counters.tasks_lost, 1);
}

/**
 * vt_tasks_start() - Give every task its slot
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int vt_tasks_start(void)
{
	struct task_struct *process, *task;

	table = vzalloc(sizeof(*table));
	if (!table)
		return -ENOMEM;
	vt_observed_all = table->observed;
	while (table->nr_free < VT_TELEMETRY_TASKS) {
		table->free[table->nr_free] = VT_TELEMETRY_TASKS - 1 - table->nr_free;
		table->nr_free++;
	}
	rcu_read_lock();
	for_each_process_thread(process, task)
	{
		task->thread.runnable_at = 0;
		vt_task_forked(task);
	}
	rcu_read_unlock();
	return 0;
}

/**
 * vt_tasks_stop() - Take every task's slot away
 */
void vt_tasks_stop(void)
{
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process_thread(process, task)
	{
		if (task->thread.counters)
			slot_free(task);
	}
	rcu_read_unlock();
	vfree(table);
	table = NULL;
	vt_observed_all = NULL;
}

/* A thread that calls execve() takes its leader's number */
void vt_task_renumbered(struct task_struct *task)
{
	if (task->thread.counters)
		WRITE_ONCE(task->thread.counters->pid, task->pid);
}

void vt_task_renamed(struct task_struct *task, const char *comm)
{
	if (task->thread.counters)
		strscpy_pad(task->thread.counters->comm, comm, sizeof(task->comm));
}

/**
 * vt_task_gone() - A task exits; or was never started, then it has no slot
 */
void vt_task_gone(struct task_struct *task)
{
	if (task->thread.counters) {
		vt_call_abandon();
		slot_free(task);
	}
}
