// SPDX-License-Identifier: GPL-2.0-only
/* reserve.c - tasks for whoever is to end a fork bomb
 *
 * Theory of operation
 * A bomb takes all processes that kernel.threads-max and kernel.pid_max allow. A command that is
 * started from outside takes one process, and a kernel thread for each of its streams. They get
 * what is kept for them: they are counted as if some others had ended, and have ids behind the
 * guest's last one.
 *
 * Only what is refused otherwise gets it. The host keeps some processes, too: vt_frame.spare.
 *
 * vmlinux is linked with --wrap=kernel_thread, which is how kernel threads are made.
 */
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/threads.h>
#include "job.h"

#define SPARE_TASKS 256 /* as many as 64 commands have */
#define SPARE_PIDS 1024

pid_t __real_kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags);
pid_t __wrap_kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags);

/* What the guest's limits were */
struct reserve {
	int last, more;
};

static void count_down(int tasks)
{
	write_lock_irq(&tasklist_lock);
	nr_threads -= tasks;
	write_unlock_irq(&tasklist_lock);
}

static struct reserve reserve_open(void)
{
	struct reserve reserve = { .last = READ_ONCE(pid_max) };

	reserve.more = min_t(int, reserve.last + SPARE_PIDS, PID_MAX_LIMIT);
	cmpxchg(&pid_max, reserve.last, reserve.more);
	count_down(SPARE_TASKS);
	return reserve;
}

/* A guest that has set its limit meanwhile has set it */
static void reserve_close(struct reserve reserve)
{
	count_down(-SPARE_TASKS);
	cmpxchg(&pid_max, reserve.more, reserve.last);
}

/* Of two that have it open at a time the second one would take the first one's limit for the
 * guest's */
static DEFINE_MUTEX(one_by_one);

pid_t __wrap_kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags)
{
	pid_t pid = __real_kernel_thread(fn, arg, name, flags);
	struct reserve reserve;

	if (pid != -EAGAIN)
		return pid;
	mutex_lock(&one_by_one);
	reserve = reserve_open();
	pid = __real_kernel_thread(fn, arg, name, flags);
	reserve_close(reserve);
	mutex_unlock(&one_by_one);
	return pid;
}

/**
 * vt_reserve_child() - Make a process, be it of the last ones
 * @fn: what it does; in user mode when it returns 0
 *
 * Context: the server, whose child it is.
 * Return: its id or a negative errno.
 */
pid_t vt_reserve_child(int (*fn)(void *), void *arg)
{
	pid_t pid = user_mode_thread(fn, arg, SIGCHLD);
	struct reserve reserve;

	if (pid != -EAGAIN)
		return pid;
	mutex_lock(&one_by_one);
	reserve = reserve_open();
	pid = user_mode_thread(fn, arg, SIGCHLD);
	reserve_close(reserve);
	mutex_unlock(&one_by_one);
	return pid;
}
