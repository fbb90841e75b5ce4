// SPDX-License-Identifier: GPL-2.0-only
/* probes.c - what the scheduler and the life of tasks look like, from the kernel's tracepoints
 *
 * Theory of operation
 * A probe runs inside of what it observes, with the run queue or a task list locked. So probes only
 * add and copy: they take no lock, do not sleep and call nothing that has a tracepoint of its own.
 *
 * Run-queue delay is the time from a wakeup, or from being switched out while still runnable, to
 * running (task->thread.runnable_at).
 */
#include <linux/binfmts.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/panic_notifier.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/tracepoint.h>
#include <linux/vmstat.h>
#include <trace/events/irq.h>
#include <trace/events/oom.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>
#include <trace/events/task.h>
#include "../observe.h"

static enum vt_switch_reason switch_reason(const struct task_struct *prev, unsigned int state)
{
	if (is_idle_task(prev))
		return VT_SWITCH_IDLE;
	if (state & TASK_DEAD)
		return VT_SWITCH_EXIT;
	if (state)
		return VT_SWITCH_SLEEP;
	return prev == vitrine_yields ? VT_SWITCH_YIELD : VT_SWITCH_PREEMPT;
}

/* How long @next was kept waiting */
static u64 run_delay(struct task_struct *next, u64 now)
{
	struct vt_counters *counters = &vt_region->counters;
	u64 since = next->thread.runnable_at, delay;

	next->thread.runnable_at = 0;
	if (!since || is_idle_task(next))
		return 0;
	delay = now > since ? now - since : 0;
	vt_count(&counters->run_delay_ns, delay);
	vt_count(&counters->run_delay[vt_bucket(delay)], 1);
	if (next->thread.counters)
		next->thread.counters->run_delay_ns += delay;
	return delay;
}

static void probe_sched_switch(void *data, bool preempt, struct task_struct *prev,
			       struct task_struct *next, unsigned int prev_state)
{
	enum vt_switch_reason reason = switch_reason(prev, preempt ? 0 : prev_state);
	struct vt_task_counters *slot = prev->thread.counters;
	u64 now = vt_now(), delay;

	vt_guest_calls_fold(prev, prev->mm);
	vt_count(&vt_region->counters.switches[reason], 1);
	if (slot && reason == VT_SWITCH_PREEMPT)
		slot->switches_preempted++;
	else if (slot)
		slot->switches_voluntary++;
	prev->thread.runnable_at =
	    reason == VT_SWITCH_PREEMPT || reason == VT_SWITCH_YIELD ? now : 0;
	delay = run_delay(next, now);
	/* no tracepoint has the end of a page's write-back; who waited for it is switched to */
	vt_region->counters.pages_written_back = global_node_page_state(NR_WRITTEN);
	vt_event_tell(VT_EVENT_SWITCH, prev,
		      &(struct vt_event_plain){ .a = next->pid, .b = delay, .value = reason },
		      next->comm);
}
VT_PROBE(sched_switch)

static void woken(struct task_struct *task)
{
	vt_count(&vt_region->counters.wakeups, 1);
	if (task != current)
		task->thread.runnable_at = vt_now();
	vt_event_tell(VT_EVENT_WAKEUP, current, &(struct vt_event_plain){ .a = task->pid },
		      task->comm);
}

static void probe_sched_wakeup(void *data, struct task_struct *task)
{
	woken(task);
}
VT_PROBE(sched_wakeup)

static void probe_sched_wakeup_new(void *data, struct task_struct *task)
{
	woken(task);
}
VT_PROBE(sched_wakeup_new)

static void probe_sched_migrate_task(void *data, struct task_struct *task, int cpu)
{
	if (task_cpu(task) == cpu)
		return;
	vt_count(&vt_region->counters.migrations, 1);
	vt_event_tell(VT_EVENT_MIGRATE, current,
		      &(struct vt_event_plain){ .a = task->pid, .b = task_cpu(task), .c = cpu },
		      task->comm);
}
VT_PROBE(sched_migrate_task)

static void probe_sched_process_fork(void *data, struct task_struct *parent,
				     struct task_struct *child)
{
	if (child->flags & PF_KTHREAD)
		return;
	vt_task_forked(child);
	vt_count(&vt_region->counters.forks, 1);
	vt_event_tell(VT_EVENT_FORK, parent,
		      &(struct vt_event_plain){ .a = child->pid, .b = child->tgid }, NULL);
}
VT_PROBE(sched_process_fork)

static void probe_sched_process_exec(void *data, struct task_struct *task, pid_t old_pid,
				     struct linux_binprm *bprm)
{
	vt_task_renumbered(task);
	vt_count(&vt_region->counters.execs, 1);
	vt_event_tell(VT_EVENT_EXEC, task, &(struct vt_event_plain){ .a = old_pid },
		      bprm->filename);
}
VT_PROBE(sched_process_exec)

/* The call that the task exits from is over before the task is */
static void probe_sched_process_exit(void *data, struct task_struct *task)
{
	if (task->flags & PF_KTHREAD)
		return;
	vt_call_abandon();
	vt_count(&vt_region->counters.exits, 1);
	vt_event_tell(VT_EVENT_EXIT, task, &(struct vt_event_plain){ .a = task->exit_code }, NULL);
}
VT_PROBE(sched_process_exit)

static void probe_task_rename(void *data, struct task_struct *task, const char *comm)
{
	vt_task_renamed(task, comm);
}
VT_PROBE(task_rename)

static int code_of(const struct kernel_siginfo *info)
{
	if (info == SEND_SIG_NOINFO)
		return SI_USER;
	return info == SEND_SIG_PRIV ? SI_KERNEL : info->si_code;
}

static void probe_signal_generate(void *data, int sig, struct kernel_siginfo *info,
				  struct task_struct *task, int group, int result)
{
	if (result != TRACE_SIGNAL_DELIVERED)
		return;
	vt_count(&vt_region->counters.signals, 1);
	vt_event_tell(
	    VT_EVENT_SIGNAL, current,
	    &(struct vt_event_plain){ .a = task->pid, .b = (s64)code_of(info), .value = sig },
	    NULL);
}
VT_PROBE(signal_generate)

static void probe_mark_victim(void *data, struct task_struct *task, uid_t uid)
{
	vt_count(&vt_region->counters.ooms, 1);
	vt_event_tell(
	    VT_EVENT_OOM, task,
	    &(struct vt_event_plain){ .a = task->pid, .b = task->mm ? get_mm_rss(task->mm) : 0 },
	    task->comm);
}
VT_PROBE(mark_victim)

/* Softirqs do not nest */
static DEFINE_PER_CPU(u64, softirq_begin);

static void probe_softirq_entry(void *data, unsigned int vector)
{
	__this_cpu_write(softirq_begin, vt_ticks());
}
VT_PROBE(softirq_entry)

static void probe_softirq_exit(void *data, unsigned int vector)
{
	u64 begin = __this_cpu_read(softirq_begin);
	u64 ns = begin ? vt_ticks_to_ns(vt_ticks() - begin) : 0;

	if (vector >= VT_NR_SOFTIRQS)
		return;
	vt_count(&vt_region->counters.softirqs[vector], 1);
	vt_count(&vt_region->counters.softirq_ns[vector], ns);
	vt_event_tell(VT_EVENT_SOFTIRQ, current,
		      &(struct vt_event_plain){ .b = ns, .value = vector }, NULL);
}
VT_PROBE(softirq_exit)
static_assert(NR_SOFTIRQS == VT_NR_SOFTIRQS, "softirq vectors");

/**
 * vt_interrupt() - An interrupt is taken
 * @bit: enum vt_irq, less than VT_IRQ_COUNT
 */
void vt_interrupt(unsigned int bit)
{
	vt_count(&vt_region->counters.interrupts[bit], 1);
	if (bit == VT_IRQ_RESCHEDULE || bit == VT_IRQ_CALL)
		vt_event_tell(VT_EVENT_IPI, current, &(struct vt_event_plain){ .value = bit },
			      NULL);
	vt_guest_calls_fold(current, current->mm);
}

u64 vt_shootdown_begins(void)
{
	return vt_now();
}

/**
 * vt_shootdown() - What was taken from an address space is known to all CPUs that are in it
 * @since:   when it was taken
 * @changes: how many there were; @cpus: of how many CPUs
 */
void vt_shootdown(u64 since, unsigned int changes, unsigned int cpus)
{
	vt_count(&vt_region->counters.shootdowns, 1);
	vt_event_tell(VT_EVENT_SHOOTDOWN, current,
		      &(struct vt_event_plain){ .a = changes, .b = vt_now() - since, .c = cpus },
		      NULL);
}

/* Before the notifier that halts the machine */
static int panicked(struct notifier_block *nb, unsigned long event, void *text)
{
	if (vitrine_observed()) {
		vt_count(&vt_region->counters.oopses, 1);
		vt_event_tell(VT_EVENT_OOPS, current, &(struct vt_event_plain){ 0 }, text);
	}
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = panicked };

static int __init panic_init(void)
{
	return atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
}
core_initcall(panic_init);

const struct vt_probe vt_probes[] = {
	VT_PROBE_ENTRY(sched_switch),	    VT_PROBE_ENTRY(sched_wakeup),
	VT_PROBE_ENTRY(sched_wakeup_new),   VT_PROBE_ENTRY(sched_process_fork),
	VT_PROBE_ENTRY(sched_process_exec), VT_PROBE_ENTRY(sched_process_exit),
	VT_PROBE_ENTRY(task_rename),	    VT_PROBE_ENTRY(signal_generate),
	VT_PROBE_ENTRY(mark_victim),	    VT_PROBE_ENTRY(softirq_entry),
	VT_PROBE_ENTRY(softirq_exit),	    VT_PROBE_ENTRY(sched_migrate_task),
};
const unsigned int vt_nr_probes = ARRAY_SIZE(vt_probes);
