// SPDX-License-Identifier: GPL-2.0-only
/* resched.c - a long loop in the kernel notices the time
 *
 * Hardware interrupts a loop that disables nothing; here an interrupt is a bit that somebody has to
 * look at. Loops that may be long call cond_resched(), some of them to wait for what another task
 * has to finish first (shrink_dcache_parent), so that is where to look: without it the tick that
 * would ask for a reschedule is never taken.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>

struct io_uring_task;

int __wrap___cond_resched(void);
int __real___cond_resched(void);
struct llist_node *__wrap_tctx_task_work_run(struct io_uring_task *task, unsigned int max,
					     unsigned int *count);
struct llist_node *__real_tctx_task_work_run(struct io_uring_task *task, unsigned int max,
					     unsigned int *count);

static void look(void)
{
	if (unlikely(vitrine_pending) && !irqs_disabled())
		vitrine_run_interrupts();
}

int __wrap___cond_resched(void)
{
	look();
	return __real___cond_resched();
}

/* A submission thread of io_uring spins for sq_thread_idle ms, and asks only need_resched() */
struct llist_node *__wrap_tctx_task_work_run(struct io_uring_task *task, unsigned int max,
					     unsigned int *count)
{
	look();
	return __real_tctx_task_work_run(task, max, count);
}

struct rq;
struct sched_class;

void resched_curr(struct rq *rq);
void __wrap_check_class_changed(struct rq *rq, struct task_struct *task,
				const struct sched_class *prev, int prio);
void __real_check_class_changed(struct rq *rq, struct task_struct *task,
				const struct sched_class *prev, int prio);

/*
 * Linux keeps a twentieth of each CPU for usual tasks, whatever real-time tasks do: a server of
 * theirs with a deadline. A task that the server has let run and that makes itself a real-time one
 * meanwhile goes on without anybody to charge for it: nothing ends the server's turn, and no timer
 * is armed that would begin another. Whoever looks after the sandbox (pid1/) would wait for ever.
 */
void __wrap_check_class_changed(struct rq *rq, struct task_struct *task,
				const struct sched_class *prev, int prio)
{
	__real_check_class_changed(rq, task, prev, prio);
	if (task->dl_server && task->on_cpu && task->sched_class != prev)
		resched_curr(rq);
}
