/* SPDX-License-Identifier: GPL-2.0-only */
/* timers.c - timers that are set when the sandbox is paused
 *
 * A pause is no time for CLOCK_MONOTONIC, and is time for CLOCK_BOOTTIME and CLOCK_REALTIME: what
 * these two are waited for comes at once when it has come to pass meanwhile. That is looked at
 * where the case itself was not kept from the CPU for half of the time.
 */
#include "survive.h"
#include <sys/time.h>
#include <sys/timerfd.h>

#define AHEAD (4 * SECOND)

static struct timespec spec_of(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / SECOND), (long)(ns % SECOND) };
}

const char *itimers_case(void)
{
	const struct itimerval real = { { 0, 0 }, { 2, 0 } }, prof = { { 100, 0 }, { 100, 0 } };
	const uint64_t begin = now_of(CLOCK_MONOTONIC);
	struct itimerval seen;
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	WANT(!setitimer(ITIMER_REAL, &real, NULL) && !setitimer(ITIMER_PROF, &prof, NULL));
	hold();
	WANT(!getitimer(ITIMER_PROF, &seen) && seen.it_value.tv_sec >= 90 &&
	     seen.it_interval.tv_sec == 100);
	WANT(!sigwait(&set, &sig) && sig == SIGALRM);
	WANT(now_of(CLOCK_MONOTONIC) - begin >= 2 * SECOND);
	WANT(!getitimer(ITIMER_REAL, &seen) && !seen.it_value.tv_sec);
	return NULL;
}

/* With a value, and what it has missed while nobody took its signal */
const char *posix_timer_case(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGRTMIN + 2,
				  .sigev_value.sival_int = 4711 };
	const struct itimerspec every = { { 0, 10 * MS }, { 0, 10 * MS } };
	sigset_t set;
	siginfo_t info;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	WANT(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	WANT(!timer_settime(timer, 0, &every, NULL));
	sleep_ms(50);
	hold();
	for (int i = 0; i < 3; i++) {
		WANT(sigwaitinfo(&set, &info) == SIGRTMIN + 2);
		WANT(info.si_code == SI_TIMER && info.si_value.sival_int == 4711);
		WANT(i || info.si_overrun > 0);
	}
	return NULL;
}

/* An absolute deadline of a clock, and when it was over */
struct deadline {
	clockid_t clock;
	uint64_t at, over;
};

static long do_await(void *arg)
{
	struct deadline *deadline = arg;
	const struct timespec ts = spec_of(deadline->at);
	const int ret = clock_nanosleep(deadline->clock, TIMER_ABSTIME, &ts, NULL);

	deadline->over = now_of(CLOCK_MONOTONIC);
	return -ret;
}

/* @counts: the clock goes on in a pause */
static const char *deadline_held(clockid_t clock, int counts)
{
	const uint64_t begin = now_of(CLOCK_MONOTONIC), boot = now_of(CLOCK_BOOTTIME);
	struct deadline deadline = { .clock = clock, .at = now_of(clock) + AHEAD };
	int64_t active, paused;
	struct caller caller;

	enter(&caller, do_await, &deadline);
	hold();
	active = (int64_t)(now_of(CLOCK_MONOTONIC) - begin);
	paused = (int64_t)(now_of(CLOCK_BOOTTIME) - boot) - active;
	WANT(left(&caller) == 0);
	WANT(now_of(clock) >= deadline.at);
	if (!counts)
		WANT(deadline.over - begin >= AHEAD);
	else if (paused > (int64_t)AHEAD && active < (int64_t)AHEAD / 2)
		WANT(deadline.over - begin < AHEAD);
	return NULL;
}

const char *monotonic_case(void)
{
	return deadline_held(CLOCK_MONOTONIC, 0);
}

const char *realtime_case(void)
{
	return deadline_held(CLOCK_REALTIME, 1);
}

const char *boottime_case(void)
{
	return deadline_held(CLOCK_BOOTTIME, 1);
}

/* A periodic one counts what its clock has counted */
const char *timerfd_case(void)
{
	const struct itimerspec every = { { 0, 100 * MS }, { 0, 100 * MS } };
	const int boot = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
	const int mono = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	uint64_t of_boot = 0, of_mono = 0, boot_begin, mono_begin, boot_end, mono_end;

	boot_begin = now_of(CLOCK_BOOTTIME), mono_begin = now_of(CLOCK_MONOTONIC);
	WANT(!timerfd_settime(boot, 0, &every, NULL) && !timerfd_settime(mono, 0, &every, NULL));
	sleep_ms(150);
	hold();
	boot_end = now_of(CLOCK_BOOTTIME), mono_end = now_of(CLOCK_MONOTONIC);
	sleep_ms(150);
	WANT(read(boot, &of_boot, 8) == 8 && read(mono, &of_mono, 8) == 8);
	WANT(of_boot + 1 >= (boot_end - boot_begin) / (100 * MS));
	WANT(of_mono + 1 >= (mono_end - mono_begin) / (100 * MS));
	WANT(of_mono <= (now_of(CLOCK_MONOTONIC) - mono_begin) / (100 * MS));
	return NULL;
}

/* Whoever wants to know that the wall clock was set is told of a pause */
const char *cancel_case(void)
{
	struct itimerspec far = { .it_value = spec_of(now_of(CLOCK_REALTIME) + 1000 * SECOND) };
	const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	const uint64_t mono = now_of(CLOCK_MONOTONIC), boot = now_of(CLOCK_BOOTTIME);
	uint64_t count;
	int64_t paused;

	WANT(!timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL));
	hold();
	paused = (int64_t)(now_of(CLOCK_BOOTTIME) - boot - (now_of(CLOCK_MONOTONIC) - mono));
	WANT(read(fd, &count, 8) < 0);
	if (paused > (int64_t)SECOND)
		WANT(errno == ECANCELED);
	return NULL;
}

/* Time that a process has computed does not count a pause */
const char *cpu_timer_case(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 7 };
	const struct itimerspec once = { { 0 }, { 0, 300 * MS } };
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 7);
	sigprocmask(SIG_BLOCK, &set, NULL);
	WANT(!timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
	WANT(!timer_settime(timer, 0, &once, NULL));
	hold();
	WANT(sigtimedwait(&set, NULL, &(struct timespec){ 0 }) < 0);
	while (now_of(CLOCK_PROCESS_CPUTIME_ID) < 310 * MS)
		;
	WANT(sigtimedwait(&set, NULL, &(struct timespec){ 30, 0 }) == SIGRTMIN + 7);
	return NULL;
}
