/* SPDX-License-Identifier: GPL-2.0-only */
/* states.h - processes in many states, each of which notices when something of it is lost
 *
 * A part is a function in a process of its own, that goes round for ever: it counts its rounds, and
 * what was wrong. Some only make something and look at it in each round. states.c tells, when it is
 * asked, which parts went on since it was asked last.
 */
#ifndef STATES_H
#define STATES_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct part {
	volatile long rounds, wrong;
	long told;
};

/* A round is over; @good: nothing was lost */
static inline void round_of(struct part *part, int good)
{
	part->rounds++;
	if (!good)
		part->wrong++;
}

static inline uint64_t now_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

typedef void part_run(struct part *part);

/* cpu.c, memory.c, streams.c, processes.c, waiting.c */
part_run avx_part, flags_part, threads_part, robust_part;
part_run private_part, shared_part, deleted_part, tmpfs_part, memfd_part, sysv_part;
part_run pipe_part, unix_part, tcp_part, pty_part;
part_run fork_part, ptrace_part, stopped_part, zombie_part, pending_part, handler_part;
part_run sleep_part, itimer_part, timerfd_part, epoll_part, inotify_part, lock_part, clock_part;

#endif
