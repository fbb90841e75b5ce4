// SPDX-License-Identifier: GPL-2.0-only
/* wakeups.c - what it takes to wake a thread
 *
 * Theory of operation
 * Two threads hand a byte to and fro through two pipes. Half of a round is a wake-up, and the two
 * calls that belong to it. The one who waits sleeps for a while first: a CPU that has just been
 * idle may not be asleep yet.
 */
#include "wakeups.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "vitrine/util.h"

#define ROUNDS 61
#define PAUSE_NS 100000

struct partner {
	int in, out;
};

static void *answer(void *arg)
{
	const struct partner *partner = arg;
	char byte;

	while (read(partner->in, &byte, 1) == 1 && write(partner->out, &byte, 1) == 1)
		;
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int rounds(int out, int in, uint64_t *ns)
{
	uint64_t took[ROUNDS];
	char byte = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start;

		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
		start = clock_now_ns();
		if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
			return EIO;
		took[i] = clock_now_ns() - start;
	}
	qsort(took, ROUNDS, sizeof(took[0]), compare);
	*ns = took[ROUNDS / 2] / 2;
	return 0;
}

static int pin(pthread_t thread, int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return pthread_setaffinity_np(thread, sizeof(one), &one);
}

static int measure(int cpu, int other, uint64_t *ns)
{
	int there[2] = { -1, -1 }, back[2] = { -1, -1 }, err;
	struct partner partner;
	pthread_t thread;

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC)) {
		err = errno;
		goto out;
	}
	partner = (struct partner){ there[0], back[1] };
	err = pthread_create(&thread, NULL, answer, &partner);
	if (err)
		goto out;
	err = pin(pthread_self(), cpu) ?: pin(thread, other) ?: rounds(there[1], back[0], ns);
	close(there[1]);
	there[1] = -1;
	pthread_join(thread, NULL);
out:
	for (unsigned i = 0; i < 2; i++) {
		if (there[i] >= 0)
			close(there[i]);
		if (back[i] >= 0)
			close(back[i]);
	}
	return err;
}

static int next_cpu(const cpu_set_t *usable, int cpu)
{
	while (++cpu < CPU_SETSIZE && !CPU_ISSET(cpu, usable))
		;
	return cpu < CPU_SETSIZE ? cpu : -1;
}

int wakeups_measure(const cpu_set_t *usable, uint64_t *here, uint64_t *there)
{
	const int first = next_cpu(usable, -1), second = next_cpu(usable, first);
	int err = measure(first, first, here);

	*there = 0;
	if (!err && second >= 0)
		err = measure(first, second, there);
	pthread_setaffinity_np(pthread_self(), sizeof(*usable), usable);
	return err;
}
