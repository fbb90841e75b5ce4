// SPDX-License-Identifier: GPL-2.0-only
/* placement.c - where tasks begin and wake up
 *
 * Theory of operation
 * To wake a vCPU that sleeps is to wake a host thread, which takes 7 to 90 us. Linux, made for CPUs
 * that wake in one, sends a task to whatever CPU is idle, or leaves it where it was before. Here it
 * is worth the price only when two run at once for longer than that. So what counts is how long the
 * one who wakes would go on, and how long the one who is woken will run. Both are habits: each task
 * has an average of either. They are kept in a table of limited size, in which a task's place
 * follows from its address; two that have the same one forget what was before, and nothing worse.
 * If the first is shorter than a wake-up takes, the task goes on where it was woken: a pipe's two
 * ends, a client and its server. If it is longer, or if others wait for this CPU already, it gets
 * one that is idle. Who has never slept since it was made is a program that begins, mostly: it
 * wakes the shell that waits for that, which then waits for its end. So of who is woken by that one
 * the second counts. A vCPU that takes an interrupt while it is idle is awake, and keeps what it
 * woke.
 *
 * A new task, of which nothing is known, is expected to run for long. So a second child of one
 * parent goes elsewhere, and a program begins where it was forked, if nobody waits there.
 *
 * What goes wrong is put right by Linux's balancing: a CPU that becomes idle takes what has waited
 * elsewhere for long, and a tick makes one that is idle look. What a wake-up takes is measured
 * whenever there is one.
 *
 * What the host has given to others makes no vCPU a smaller one. vCPUs are threads of the host,
 * whose next turn is as good as anybody's, so a task that would be moved to one that was idle, and
 * therefore not short of anything, would be moved again and again.
 *
 * The scheduling class keeps its functions in a table, which is where ours is put before its own.
 */
#include <linux/hash.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mmu_context.h>
#include <linux/moduleparam.h>
#include <linux/sched/topology.h>
#include <asm/cputime.h>
#include <asm/habit.h>
#include <asm/vitrine.h>
#include "../../../kernel/sched/sched.h"

#define COST_FIRST_NS (40 * NSEC_PER_USEC) /* until it is measured */
#define COST_MIN_NS (4 * NSEC_PER_USEC)
#define COST_MAX_NS (100 * NSEC_PER_USEC)
#define HABIT_UNKNOWN U32_MAX
#define HABIT_MAX 2 /* times what a wake-up takes: what is longer is long */
#define WEIGHT 4    /* of all that was before, to one more, plus one */

#define HABITS 1024 /* places */

/**
 * struct habit - of a task
 * @task:    whose it is
 * @runtime: CPU time that it had when it slept last, ns
 * @woken:   sum of the times at which it woke others since then, ticks
 * @wakes:   how many these were
 * @burst:   how long it runs until it sleeps, on average, ns
 * @overlap: how long it runs on when it has woken another one, on average, ns
 */
struct habit {
	const struct task_struct *task;
	u64 runtime, woken;
	u32 wakes, burst, overlap;
};

static struct habit habits[HABITS];
static u64 kicked[NR_CPUS]; /* when a vCPU was woken from its sleep, ticks; 0: it was not */

/* What it takes to wake a vCPU, ns. Whoever is woken measures it: nothing hangs on a lost value. */
static u32 wake_cost = COST_FIRST_NS;

extern const struct kernel_param __start___param[], __stop___param[];

static int (*choose)(struct task_struct *task, int before, int flags); /* the class's own */

/* The host may have given a CPU to others meanwhile: one that is long makes nobody's habit long */
static void average(u32 *habit, u64 ns)
{
	u32 value = min_t(u64, ns, HABIT_MAX * READ_ONCE(wake_cost));

	*habit = *habit == HABIT_UNKNOWN ? value : *habit - *habit / WEIGHT + value / WEIGHT;
}

static struct habit *place_of(const struct task_struct *task)
{
	return &habits[hash_ptr(task, ilog2(HABITS))];
}

/**
 * vitrine_habit_begin() - A task is new
 */
void vitrine_habit_begin(const struct task_struct *task)
{
	*place_of(task) = (struct habit){ .task = task,
					  .runtime = task->se.sum_exec_runtime,
					  .burst = HABIT_UNKNOWN,
					  .overlap = HABIT_UNKNOWN };
}

static struct habit *habit_of(const struct task_struct *task)
{
	struct habit *habit = place_of(task);

	if (unlikely(READ_ONCE(habit->task) != task))
		vitrine_habit_begin(task);
	return habit;
}

/* How long a task has run on since it woke others, on average; they are forgotten then */
static u64 overlap_ends(struct habit *habit, u32 wakes)
{
	u64 sum = wakes * vitrine_ticks() - habit->woken; /* of the differences */

	habit->wakes = 0;
	habit->woken = 0;
	return vitrine_ticks_to_ns(sum / wakes);
}

/**
 * vitrine_habits() - A task was switched away from
 * @task: interrupts are disabled, and it cannot run before this returns
 */
void vitrine_habits(const struct task_struct *task)
{
	const u64 runtime = task->se.sum_exec_runtime;
	struct habit *habit;
	u32 wakes;

	if (is_idle_task(task))
		return;
	habit = habit_of(task);
	wakes = READ_ONCE(habit->wakes);		/* another task can have the same place */
	if (READ_ONCE(task->__state) == TASK_RUNNING) { /* it had to make room, and would go on */
		u64 ns = wakes ? overlap_ends(habit, wakes) : 0;

		if (ns && (habit->overlap == HABIT_UNKNOWN || ns > habit->overlap))
			average(&habit->overlap, ns);
		return;
	}
	average(&habit->burst, runtime - habit->runtime);
	habit->runtime = runtime;
	if (wakes)
		average(&habit->overlap, overlap_ends(habit, wakes));
}

/**
 * vitrine_kicks() - A vCPU is about to be told to look at its run queue
 */
void vitrine_kicks(int cpu)
{
	if (is_idle_task(READ_ONCE(vitrine_cpus[cpu].task)))
		WRITE_ONCE(kicked[cpu], vitrine_ticks());
}

/**
 * vitrine_was_kicked() - The vCPU that calls this was idle, and is awake
 */
void vitrine_was_kicked(void)
{
	const u64 when = READ_ONCE(kicked[raw_smp_processor_id()]);
	u32 cost = READ_ONCE(wake_cost);
	u64 ns;

	if (!when)
		return;
	ns = vitrine_ticks_to_ns(vitrine_ticks() - when);
	WRITE_ONCE(kicked[raw_smp_processor_id()], 0);
	cost += (s32)(clamp_t(u64, ns, COST_MIN_NS, COST_MAX_NS) - cost) / (2 * WEIGHT);
	WRITE_ONCE(wake_cost, cost);
}

static bool is_short(u32 habit)
{
	return habit < READ_ONCE(wake_cost);
}

/* Tasks that run, or wait, on the CPU that we are on */
static unsigned int busy_here(void)
{
	const struct rq *rq = this_rq();

	return rq->nr_running - (rq->cfs.h_nr_queued - rq->cfs.h_nr_runnable);
}

static int idle_cpu_for(const struct task_struct *task, int before)
{
	int cpu;

	if (cpumask_test_cpu(before, task->cpus_ptr) && available_idle_cpu(before))
		return before;
	for_each_cpu_and(cpu, cpu_active_mask, task->cpus_ptr)
	{
		if (available_idle_cpu(cpu))
			return cpu;
	}
	return -1;
}

/* Does @task lose nothing when it runs after who wakes it, or gain less than a wake-up costs? */
static bool may_wait_here(const struct task_struct *task, int here)
{
	const struct habit *ours = habit_of(current), *its = habit_of(task);

	if (!cpumask_test_cpu(here, task->cpus_ptr))
		return false;
	if (is_idle_task(current))
		return !busy_here() || (busy_here() == 1 && is_short(its->burst));
	if (in_hardirq() || busy_here() > 1)
		return false;
	if (current->flags & PF_EXITING || is_short(ours->overlap))
		return true;
	return ours->overlap == HABIT_UNKNOWN && is_short(its->burst);
}

static int place_awakened(struct task_struct *task, int before, int here, int flags)
{
	struct habit *ours = habit_of(current);
	int cpu;

	if (may_wait_here(task, here))
		cpu = here;
	else
		cpu = idle_cpu_for(task, before);
	if (in_task() && !is_idle_task(current)) {
		ours->woken += vitrine_ticks();
		ours->wakes++;
	}
	return cpu >= 0 ? cpu : choose(task, before, flags);
}

static int place(struct task_struct *task, int before, int flags)
{
	const int here = smp_processor_id();
	int cpu;

	if (flags & WF_TTWU)
		return place_awakened(task, before, here, flags);
	if (busy_here() <= 1 && cpumask_test_cpu(here, task->cpus_ptr))
		return here;
	cpu = idle_cpu_for(task, before);
	return cpu >= 0 ? cpu : choose(task, before, flags);
}

/*
 * Workers that are bound to no CPU would be two for each, because no two share a cache. All of them
 * have one choice of workers, who begin where they are wanted, as all tasks do.
 */
static void __init share_workers(void)
{
	for (const struct kernel_param *param = __start___param; param < __stop___param; param++) {
		if (!strcmp(param->name, "workqueue.default_affinity_scope"))
			param->ops->set("system", param);
	}
}

#define without(feature)                                                                           \
	do {                                                                                       \
		static_key_disable(&sched_feat_keys[__SCHED_FEAT_##feature]);                      \
		sysctl_sched_features &= ~(1UL << __SCHED_FEAT_##feature);                         \
	} while (0)

static int __init take_place(void)
{
	struct sched_class *class = (struct sched_class *)&fair_sched_class;

	if (vt_boot->cpus < 2)
		return 0;
	share_workers();
	choose = class->select_task_rq;
	class->select_task_rq = place;
	without(TTWU_QUEUE);
	without(NONTASK_CAPACITY);
	return 0;
}
early_initcall(take_place);
