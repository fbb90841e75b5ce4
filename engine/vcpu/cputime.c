/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.c - CPU time that the host has given to a vCPU
 *
 * Theory of operation
 * At any moment at most one of these runs for a vCPU: its own thread, or a process that it waits
 * for. What the host gave them all, taken from the time that has passed, is what it gave to
 * somebody else: the guest kernel shows that as steal (kernel/arch/vitrine/kernel/cputime.c).
 *
 * The guest asks a thousand times a second at most, but processes take turns far more often. So who
 * runs is put in a list, which costs a look at a flag while it is in there, and only those in the
 * list are asked. A process's clock sums up its threads; that is why the guest asks less often when
 * asking takes long.
 *
 * The host tells no more of another process than that sum. A process that has moved to another vCPU
 * is asked for the one that it ran for before. When it runs for several at once, none of them knows
 * what it had of it: it takes for given all the time that has passed since it asked. What was
 * stolen from it then is not seen. Whether it does is seen from what each vCPU writes without a
 * lock; who writes at the same moment is given a little too much or too little, once.
 *
 * Host system calls: clock_gettime.
 */
#include "cputime.h"

#include <pthread.h>
#include <time.h>

#include "vcpu.h"
#include "lib/clock.h"

/* linux/posix-timers.h: CPUCLOCK_SCHED */
#define CLOCK_OF_PROCESS(pid) ((clockid_t)((~(unsigned)(pid) << 3) | 2))

static struct cputime all[VCPUS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all of this */
__thread struct cputime *cputime_mine;

uint64_t cputime_of_process(pid_t pid)
{
	return clock_read_ns(CLOCK_OF_PROCESS(pid));
}

static void ask(struct cputime *time, struct cputime_process *process)
{
	uint64_t has = cputime_of_process(process->pid);

	time->shared |= process->shared;
	process->owner = NULL;
	if (has <= process->had) /* it is dead and waited for */
		return;
	time->of_processes += has - process->had;
	process->had = has;
}

/* Take it out of the list of whom it ran for, who is given what it had */
static void settle(struct cputime_process *process)
{
	struct cputime_process **link = &process->owner->ran;

	while (*link != process)
		link = &(*link)->next;
	*link = process->next;
	ask(process->owner, process);
}

void cputime_list(struct cputime_process *process, pid_t pid)
{
	if (pid <= 0)
		return;
	if (!cputime_mine)
		cputime_mine = &all[vcpu_index()];
	pthread_mutex_lock(&lock);
	if (process->owner && process->owner != cputime_mine) {
		if (__atomic_load_n(&process->owner->in, __ATOMIC_RELAXED) == process)
			process->shared = cputime_mine->shared = true;
		else
			settle(process);
	}
	if (!process->owner) {
		process->pid = pid;
		process->shared = false;
		process->owner = cputime_mine;
		process->next = cputime_mine->ran;
		cputime_mine->ran = process;
	}
	pthread_mutex_unlock(&lock);
}

void cputime_forget(struct cputime_process *process)
{
	pthread_mutex_lock(&lock);
	if (process->owner)
		settle(process);
	pthread_mutex_unlock(&lock);
}

static vt_u64 cpu_time(void)
{
	struct cputime *time = &all[vcpu_index()];
	uint64_t now = clock_now_ns(), had = time->given, sum;

	pthread_mutex_lock(&lock);
	while (time->ran) {
		struct cputime_process *process = time->ran;

		time->ran = process->next;
		ask(time, process);
	}
	sum = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + time->of_processes;
	if (time->shared) { /* of_processes has what others had, too, and lacks what they asked for
			     */
		time->of_processes += had + (now - time->asked_at) - sum;
		sum = had + (now - time->asked_at);
	}
	time->shared = false;
	time->asked_at = now;
	time->given = sum;
	pthread_mutex_unlock(&lock);
	return sum;
}

void cputime_ops_fill(struct vt_host_ops *ops)
{
	ops->cpu_time = cpu_time;
}
