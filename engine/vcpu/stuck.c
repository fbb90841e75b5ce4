/* SPDX-License-Identifier: GPL-2.0-only */
/* stuck.c - guest threads that do not stop when they are told to
 *
 * Theory of operation
 * Guest code can block signals on the host: the one call that the host executes for it, sigreturn,
 * loads a signal mask along with the registers. A kick never arrives then. No honest program does
 * that, so its process is killed; what is left to decide is when. Wall clock time would kill the
 * innocent on a busy or suspended host, so CPU time counts: a thread that was told to stop and
 * still consumes the CPU does so on purpose, because only threads that run for a vCPU consume any.
 * The host tells the sum of a process's threads. Several of them can run, on fewer CPUs than there
 * are vCPUs, while the one that was told waits for its turn: so much more is allowed.
 *
 * A wait for a stop must not last for ever, so a slow interval timer interrupts it. The timer is
 * left on between waits and turns itself off when nobody has waited for one period, so that a wait
 * costs no system call and an idle sandbox no wake-up.
 *
 * Host system calls: timer_create, timer_settime, and that of cputime.c.
 */
#include "stuck.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cputime.h"
#include "vcpu.h"
#include "lib/clock.h"

#define STUCK_CPU_NS 100000000UL
#define TICK_NS 250000000L

/* Of each vCPU; only its own thread touches them */
static __thread timer_t timer;
static __thread volatile bool waiting, waited, ticking;

static void set_timer(long period)
{
	struct itimerspec when = { .it_value.tv_nsec = period, .it_interval.tv_nsec = period };

	timer_settime(timer, 0, &when, NULL);
}

/* In a signal handler */
static void tick(void)
{
	if (!waiting && !waited) {
		ticking = false;
		set_timer(0);
	}
	waited = false;
}

int stuck_init(struct error *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = VCPU_SIGNAL_WAKE };

	event._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return error_set(err, errno, "cannot create a timer");
	vcpu_on_tick(tick);
	return 0;
}

bool stuck_check(uint64_t *limit, pid_t pid)
{
	uint64_t now = cputime_of_process(pid);

	if (!now)
		return false;
	if (!*limit)
		*limit = now + STUCK_CPU_NS * vcpu_count();
	return now > *limit;
}

void stuck_begin(void)
{
	waiting = waited = true;
	if (!ticking) {
		ticking = true;
		set_timer(TICK_NS);
	}
}

void stuck_end(void)
{
	waiting = false;
}
