// SPDX-License-Identifier: GPL-2.0-only
/* picks.c - whom the scheduler picked lately
 *
 * A probe on sched_switch that exists for ten seconds after somebody has asked: the first answer is
 * empty, and who does not ask again pays nothing. The probe runs with the run queue locked, and
 * writes its CPU's ring.
 */
#include <linux/mmu_context.h>
#include <linux/build_bug.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/sched.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include "../../../../kernel/sched/sched.h"
#include "runqueue.h"

#define KEPT (10 * HZ)

static void forget(struct work_struct *work);

static DEFINE_MUTEX(mutex);
static DECLARE_DELAYED_WORK(forget_work, forget);
static bool attached;

/**
 * struct ring - the picks of one CPU
 * @lock:  of the rest, while the ring is attached
 * @count: that were ever written: the newest is the one before
 */
struct ring {
	raw_spinlock_t lock;
	u64 count;
	struct vt_pick picks[VT_PICKS];
};

static struct ring *rings; /* by CPU */

static enum vt_pick_end end_of(const struct task_struct *prev, bool preempt, unsigned int state)
{
	if (is_idle_task(prev))
		return VT_PICK_IDLE;
	if (!preempt && state & TASK_DEAD)
		return VT_PICK_EXIT;
	if (!preempt && state)
		return VT_PICK_SLEEP;
	return prev == vitrine_yields ? VT_PICK_YIELD : VT_PICK_PREEMPTED;
}

static void fill_fair(struct vt_pick *pick, struct task_struct *next)
{
	struct cfs_rq *queue = cfs_rq_of(&next->se);
	u64 average = avg_vruntime(queue);

	pick->lag = average - next->se.vruntime;
	pick->deadline_in = next->se.deadline - average;
}

static void write_pick(struct ring *ring, bool preempt, struct task_struct *prev,
		       struct task_struct *next, unsigned int prev_state)
{
	struct vt_pick *last = &ring->picks[(ring->count - 1) % VT_PICKS];
	struct vt_pick *pick = &ring->picks[ring->count % VT_PICKS];
	u64 queued_at = next->sched_info.last_queued;
	struct rq *rq = task_rq(next);
	u64 now = vt_host->clock_monotonic();

	if (ring->count && last->pid == prev->pid) {
		last->ran_ns = now - last->time_ns;
		last->stopped = end_of(prev, preempt, prev_state);
	}
	*pick = (struct vt_pick){
		.time_ns = now,
		.delay_ns = queued_at && rq_clock(rq) > queued_at ? rq_clock(rq) - queued_at : 0,
		.pid = next->pid,
		.queued = rq->nr_running - !is_idle_task(next),
		.fair = next->sched_class == &fair_sched_class,
	};
	memcpy(pick->comm, next->comm, sizeof(pick->comm));
	if (pick->fair)
		fill_fair(pick, next);
	ring->count++;
}

static void probe_sched_switch(void *data, bool preempt, struct task_struct *prev,
			       struct task_struct *next, unsigned int prev_state)
{
	struct ring *ring = &rings[raw_smp_processor_id()];

	raw_spin_lock(&ring->lock); /* interrupts are disabled */
	write_pick(ring, preempt, prev, next, prev_state);
	raw_spin_unlock(&ring->lock);
}

static bool have_rings(void)
{
	if (rings)
		return true;
	rings = kvcalloc(nr_cpu_ids, sizeof(*rings), GFP_KERNEL);
	for (unsigned int cpu = 0; rings && cpu < nr_cpu_ids; cpu++)
		raw_spin_lock_init(&rings[cpu].lock);
	return rings;
}

static void forget(struct work_struct *work)
{
	mutex_lock(&mutex);
	if (attached)
		unregister_trace_sched_switch(probe_sched_switch, NULL);
	attached = false;
	mutex_unlock(&mutex);
}

static void attach(void)
{
	mutex_lock(&mutex);
	if (!attached && have_rings()) {
		for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
			rings[cpu].count = 0;
		attached = !register_trace_sched_switch(probe_sched_switch, NULL);
	}
	mutex_unlock(&mutex);
	mod_delayed_work(system_wq, &forget_work, KEPT);
}

/**
 * vt_picks_copy() - The last picks of a CPU, and go on recording for a while
 * @picks: oldest first
 * @count: how many there are
 *
 * Context: process context, may sleep.
 * Return: picks that were recorded and are not there any more.
 */
u64 vt_picks_copy(int cpu, struct vt_pick picks[VT_PICKS], u32 *count)
{
	struct ring *ring;
	unsigned long flags;
	u64 first;
	u32 i;

	*count = 0;
	attach();
	if (!rings)
		return 0;
	ring = &rings[cpu];
	raw_spin_lock_irqsave(&ring->lock, flags);
	*count = min_t(u64, ring->count, VT_PICKS);
	first = ring->count - *count;
	for (i = 0; i < *count; i++)
		picks[i] = ring->picks[(first + i) % VT_PICKS];
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return first;
}
