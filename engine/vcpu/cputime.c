/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.c - CPU time that the host has given to a vCPU
 *
 * Theory of operation
 * At any moment at most one of these runs for the vCPU: its own thread, or a process that it waits
 * for. What the host gave them all, taken from the time that has passed, is what it gave to
 * somebody else: the guest kernel shows that as steal (kernel/arch/vitrine/kernel/cputime.c).
 *
 * The guest asks a thousand times a second at most, but processes take turns far more often. So who
 * runs is put in a list, which costs a look at a flag while it is in there, and only those in the
 * list are asked. A process's clock sums up its threads; that is why the guest asks less often when
 * asking takes long.
 *
 * Host system calls: clock_gettime.
 */
#include "cputime.h"

#include <time.h>

#include "lib/clock.h"

/* linux/posix-timers.h: CPUCLOCK_SCHED */
#define CLOCK_OF_PROCESS(pid) ((clockid_t)((~(unsigned)(pid) << 3) | 2))

static struct cputime_process *ran; /* since the last question */
static uint64_t of_processes;	    /* all that they ever had */

uint64_t cputime_of_process(pid_t pid)
{
	return clock_read_ns(CLOCK_OF_PROCESS(pid));
}

void cputime_list(struct cputime_process *process, pid_t pid)
{
	if (pid <= 0)
		return;
	process->pid = pid;
	process->ran = true;
	process->next = ran;
	ran = process;
}

static void ask(struct cputime_process *process)
{
	uint64_t has = cputime_of_process(process->pid);

	process->ran = false;
	if (has <= process->had) /* it is dead and waited for */
		return;
	of_processes += has - process->had;
	process->had = has;
}

void cputime_forget(struct cputime_process *process)
{
	struct cputime_process **link = &ran;

	if (!process->ran)
		return;
	while (*link != process)
		link = &(*link)->next;
	*link = process->next;
	ask(process);
}

static vt_u64 cpu_time(void)
{
	while (ran) {
		struct cputime_process *process = ran;

		ran = process->next;
		ask(process);
	}
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + of_processes;
}

void cputime_ops_fill(struct vt_host_ops *ops)
{
	ops->cpu_time = cpu_time;
}
