/* SPDX-License-Identifier: GPL-2.0-only */
/* limits.c - what of the host a sandbox may take that --memory does not count
 *
 * Theory of operation
 * A guest's fork bomb must run out of what is ours before the host, or the supervisor itself, runs
 * out of something: process numbers, which all users share; descriptors, of which the supervisor
 * needs some to be told to end the sandbox; memory that is not the guest's. The guest sees EAGAIN,
 * which fork(2) documents. The last few of the guest's own processes are kept for what its user
 * starts from outside (exec), who may want to look at the bomb, or to end it.
 *
 * Host system calls: open and read of /proc/sys, getrlimit, setrlimit.
 */
#include "limits.h"

#include <stdio.h>
#include <sys/resource.h>

#include "pages.h"
#include "slots.h"
#include "vitrine/util.h"

#define PID_SHARE 3 /* a sandbox gets one in so many */
#define PID_MAX_DEFAULT (PAGES_MAX * PID_SHARE)
#define RESERVED 256	 /* control connections with their streams, disks, logs */
#define RESERVED_SHARE 4 /* but no more than one in so many */
#define SPARE 32	 /* processes, and threads, that are kept for who is to end a fork bomb */
#define SPARE_SHARE 8	 /* but no more than one in so many */
#define SLOTS_SHARE 8	 /* of the sandbox's memory is the most that slots may have */
#define THREADS_MIN 256
#define AREA_BYTES 440 /* its structure, its place in the tree, and in the list of the file's */
#define AREAS_SHARE 8
#define AREAS_MIN 32768

static struct limits limits;
static unsigned processes, threads;

static unsigned read_pid_max(void)
{
	cleanup_fclose FILE *f = fopen("/proc/sys/kernel/pid_max", "re");
	unsigned pid_max;

	return f && fscanf(f, "%u", &pid_max) == 1 ? pid_max : PID_MAX_DEFAULT;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void limits_find(uint64_t memory, struct limits *found)
{
	uint64_t threads_max = memory / SLOTS_SHARE / slots_mapped();
	struct rlimit files;

	*found = (struct limits){ .pid_max = read_pid_max(), .slot_bytes = slots_mapped() };
	found->tasks = found->pid_max / PID_SHARE;
	found->descriptors = ~0U;
	if (!getrlimit(RLIMIT_NOFILE, &files))
		found->descriptors = at_most(files.rlim_max, ~0U);
	found->reserved = at_most(RESERVED, found->descriptors / RESERVED_SHARE);
	/* each process has a thread at least */
	found->processes = at_most((found->descriptors - found->reserved) / 4, PAGES_MAX - 1);
	found->processes = at_most(found->processes, found->tasks);
	if (threads_max < THREADS_MIN)
		threads_max = THREADS_MIN;
	found->threads = at_most(at_most(threads_max, SLOTS_MAX), found->tasks);
	found->area_bytes = AREA_BYTES;
	found->areas = at_most(memory / AREAS_SHARE / AREA_BYTES, ~0U);
	if (found->areas < AREAS_MIN)
		found->areas = AREAS_MIN;
}

void limits_init(uint64_t memory)
{
	struct rlimit files;

	limits_find(memory, &limits);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

const struct limits *limits_used(void)
{
	return &limits;
}

/* How many of @limit only those may have that are spare */
static unsigned kept(unsigned limit, bool spare)
{
	return spare ? 0 : at_most(SPARE, limit / SPARE_SHARE);
}

static bool may_take(unsigned descriptors, bool spare)
{
	unsigned last = limits.descriptors - limits.reserved;

	return processes * 2 + threads + kept(limits.tasks, spare) < limits.tasks &&
	       processes * 3 + threads + descriptors + kept(last, spare) <= last;
}

bool limits_take_process(bool spare)
{
	if (processes + kept(limits.processes, spare) >= limits.processes || !may_take(3, spare))
		return false;
	processes++;
	return true;
}

bool limits_take_thread(bool spare)
{
	if (threads + kept(limits.threads, spare) >= limits.threads || !may_take(1, spare))
		return false;
	threads++;
	return true;
}

void limits_give_process(void)
{
	processes--;
}

void limits_give_thread(void)
{
	threads--;
}
