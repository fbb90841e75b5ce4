/* SPDX-License-Identifier: GPL-2.0-only */
/* late.c - how late a real-time task is while another one gives memory back
 *
 * Prints for each way of giving it back the largest delay in percent of what the whole took, the
 * best of some tries: a delay that others on the machine cause is not there in every one of them,
 * one that the kernel causes is.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE (384UL << 20)
#define PERIOD_NS 250000
#define TRIES 6

/* While @watching the watcher keeps the largest delay that it sees */
struct shared {
	volatile int watching;
	volatile long worst;
};

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static void watch(struct shared *shared)
{
	const struct sched_param first = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO, &first);
	for (long now = now_ns();;) {
		const long due = now + PERIOD_NS;
		const struct timespec when = { due / 1000000000, due % 1000000000 };
		const int watching = shared->watching;

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
		now = now_ns();
		if (watching && now - due > shared->worst)
			shared->worst = now - due;
	}
}

static char *area(void)
{
	char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		_exit(1);
	return memset(at, 1, SIZE);
}

static void begin(struct shared *shared)
{
	usleep(2000);
	shared->worst = 0;
	shared->watching = 1;
	usleep(1000);
}

static void unmap(struct shared *shared, long *start)
{
	char *at = area();

	begin(shared);
	*start = now_ns();
	munmap(at, SIZE);
}

static void end(struct shared *shared, long *start)
{
	int go[2];
	char byte;
	pid_t pid;

	if (pipe(go))
		_exit(1);
	pid = fork();
	if (!pid) {
		area();
		close(go[0]);
		if (write(go[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	close(go[0]);
	begin(shared);
	*start = now_ns();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void measure(const char *name, void (*give_back)(struct shared *, long *),
		    struct shared *shared)
{
	long best = 100, start;

	for (int i = 0; i < TRIES; i++) {
		long took, part;

		give_back(shared, &start);
		took = now_ns() - start;
		usleep(2000);
		shared->watching = 0;
		part = 100 * shared->worst / took;
		if (part < best)
			best = part;
	}
	printf("%s %ld\n", name, best);
}

int main(void)
{
	struct shared *shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t watcher = fork();

	if (!watcher)
		watch(shared);
	measure("munmap", unmap, shared);
	measure("exit", end, shared);
	kill(watcher, SIGKILL);
	return 0;
}
