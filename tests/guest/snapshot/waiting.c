/* SPDX-License-Identifier: GPL-2.0-only */
/* waiting.c - timers, and descriptors that are waited for */
#include "states.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#define MS 1000000ULL

/* An absolute deadline: not before */
void sleep_part(struct part *part)
{
	for (;;) {
		const uint64_t end = now_of(CLOCK_MONOTONIC) + 30 * MS;
		const struct timespec at = { end / 1000000000, end % 1000000000 };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
			;
		round_of(part, now_of(CLOCK_MONOTONIC) >= end);
	}
}

void itimer_part(struct part *part)
{
	const struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (;;)
		round_of(part, !sigwait(&set, &sig) && sig == SIGALRM);
}

void timerfd_part(struct part *part)
{
	const struct itimerspec every = { { 0, 20 * MS }, { 0, 20 * MS } };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &every, NULL);
	for (;;) {
		uint64_t count = 0;

		/* a pause is no time: what was missed during it was not */
		round_of(part, read(fd, &count, sizeof(count)) == sizeof(count) && count > 0);
	}
}

void epoll_part(struct part *part)
{
	int events = eventfd(0, 0), ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x123456789abcdef };
	uint64_t one = 1, count;

	epoll_ctl(ep, EPOLL_CTL_ADD, events, &event);
	if (!fork()) {
		for (;;) {
			sleep_ms(10);
			if (write(events, &one, sizeof(one)) < 0)
				_exit(1);
		}
	}
	for (;;) {
		event.data.u64 = 0;
		round_of(part, epoll_wait(ep, &event, 1, -1) == 1 &&
				   event.data.u64 == 0x123456789abcdef &&
				   read(events, &count, sizeof(count)) == sizeof(count));
	}
}

void inotify_part(struct part *part)
{
	int fd = inotify_init1(0);

	inotify_add_watch(fd, "/dev/shm", IN_CREATE);
	if (!fork()) {
		for (;;) {
			close(open("/dev/shm/seen", O_CREAT | O_WRONLY, 0600));
			sleep_ms(10);
			unlink("/dev/shm/seen");
		}
	}
	for (;;) {
		char buf[4096];

		round_of(part, read(fd, buf, sizeof(buf)) > 0);
	}
}

/* A lock that somebody else holds, all the time */
void lock_part(struct part *part)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("/tmp/locked", O_RDWR | O_CREAT, 0600), ready[2];
	char c;

	if (pipe(ready))
		return;
	if (!fork()) {
		fcntl(fd, F_SETLK, &lock);
		if (write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
	}
	if (read(ready[0], &c, 1) != 1)
		return;
	for (;;) {
		struct flock try = lock;

		sleep_ms(10);
		round_of(part,
			 fcntl(fd, F_SETLK, &try) < 0 && (errno == EAGAIN || errno == EACCES));
	}
}

/* No clock goes back, read through the vDSO; BOOTTIME is never behind */
void clock_part(struct part *part)
{
	uint64_t mono = 0, boot = 0, raw = 0;

	for (;;) {
		int good = 1;

		for (int i = 0; i < 2000; i++) {
			uint64_t m = now_of(CLOCK_MONOTONIC), b = now_of(CLOCK_BOOTTIME);
			uint64_t r = now_of(CLOCK_MONOTONIC_RAW);

			good &= m >= mono && b >= boot && r >= raw && b >= m;
			mono = m, boot = b, raw = r;
		}
		round_of(part, good);
		sleep_ms(1);
	}
}
