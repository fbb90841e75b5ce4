// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - signals and the time-out of the supervisor
 *
 * Theory of operation
 * The signals are blocked in every thread and taken by one that waits for them, so that nothing
 * runs in a signal handler. What asks a program to do something goes to the main job, as with
 * `docker run --sig-proxy`; before there is a main job, or when the guest kernel has not taken an
 * earlier one for seconds, it ends us. A new window size goes to the
 * guest's terminal; after a stop the terminal is put in raw mode again.
 *
 * The same thread keeps the time-out: the sandbox is ended in order, then without the last output,
 * then at once.
 *
 * Host system calls: rt_sigprocmask, rt_sigtimedwait, ioctl, kill; clone in signals_init().
 */
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "jobs.h"
#include "request.h"
#include "terminal.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define STATUS_TIMEOUT 124
#define TIMEOUT_GRACE 3	 /* seconds for each of the gentler ways */
#define INSTEAD_GRACE 60 /* for what is done instead */

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

static uint64_t ran_ns; /* before a pause: the time-out's */
static bool (*instead_of_end)(void);
static bool over; /* nobody is left in the sandbox who could take a signal */

void signals_end(void)
{
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
}

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	for (unsigned i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(set, forwarded[i]);
	sigaddset(set, SIGWINCH);
	sigaddset(set, SIGCONT);
}

void signals_block(void)
{
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A closed pipe is an error of write(), told to the guest as such */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that ulimit -f does not let grow */
	signal(SIGXFSZ, SIG_IGN);
}

static void window_changed(void)
{
	uint16_t rows, columns;

	terminal_size(&rows, &columns);
	if (rows && columns)
		job_resize(JOB_MAIN, rows, columns);
}

/* Die of the signal itself, so that our parent sees what happened */
static void die_of(int sig)
{
	sigset_t set;

	terminal_restore();
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), sig);
	_exit(128 + sig);
}

static void signal_take(int sig)
{
	if (sig == SIGCONT)
		terminal_resumed();
	if (sig == SIGWINCH || sig == SIGCONT) {
		window_changed();
		return;
	}
	if (__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		die_of(sig);
	if (!job_pid(JOB_MAIN) || request_stalled())
		die_of(sig);
	job_signal(JOB_MAIN, sig);
}

void signals_on_timeout(bool (*instead)(void))
{
	__atomic_store_n(&instead_of_end, instead, __ATOMIC_RELEASE);
}

/* Something else may be done than to end: not before that has failed */
static bool is_done_otherwise(void)
{
	bool (*instead)(void) = __atomic_exchange_n(&instead_of_end, NULL, __ATOMIC_ACQ_REL);

	return instead && instead();
}

/* The time-out has passed for the @step-th time */
static void timeout_step(int step)
{
	if (__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		return;
	if (step < 2) {
		jobs_shutdown(STATUS_TIMEOUT);
		return;
	}
	terminal_restore();
	_exit(STATUS_TIMEOUT);
}

static void *signals_thread(void *arg)
{
	const struct sandbox_config *config = arg;
	uint64_t deadline = clock_now_ns() + config->timeout * NS_PER_SECOND - ran_ns, now;
	struct timespec left;
	int step = 0;
	sigset_t set;

	signal_set(&set);
	for (;;) {
		int sig;

		if (config->timeout) {
			now = clock_now_ns();
			if (now >= deadline) {
				if (!step && is_done_otherwise()) {
					deadline += INSTEAD_GRACE * NS_PER_SECOND;
					continue;
				}
				timeout_step(step++);
				deadline += TIMEOUT_GRACE * NS_PER_SECOND;
				continue;
			}
			left = clock_timespec(deadline - now);
		}
		sig = sigtimedwait(&set, NULL, config->timeout ? &left : NULL);
		if (sig > 0)
			signal_take(sig);
	}
	return NULL;
}

int signals_init(const struct sandbox_config *config, uint64_t ran_ms, struct error *err)
{
	const uint64_t left_ms = config->timeout * 1000ULL;
	pthread_t thread;
	int ret;

	ran_ns = (ran_ms < left_ms ? ran_ms : left_ms) * NS_PER_MS;
	ret = pthread_create(&thread, NULL, signals_thread, (void *)config);

	if (ret)
		return error_set(err, ret, "cannot start the thread that takes signals");
	pthread_detach(thread);
	return 0;
}
