// SPDX-License-Identifier: GPL-2.0-only
/* classes.c - a SCHED_DEADLINE and a SCHED_FIFO process that never sleep
 *
 * Prints their numbers. What the kernel keeps for fair tasks lets an observer's question through:
 * a twentieth of each second, and before a deadline that is farther away.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS 1000000ULL

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static const struct attributes fifo = { .size = sizeof(fifo), .policy = SCHED_FIFO, .priority = 7 };
static const struct attributes deadline = {
	.size = sizeof(deadline),
	.policy = 6, /* SCHED_DEADLINE */
	.runtime = 3500 * MS,
	.deadline = 4000 * MS,
	.period = 4000 * MS,
};

/* The name first: afterwards it never gives the CPU back */
static int spin(const char *name, const struct attributes *attributes)
{
	int ready[2];
	char ok = 0;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (pid) {
		close(ready[1]);
		return read(ready[0], &ok, 1) == 1 ? pid : -1;
	}
	FILE *comm = fopen("/proc/self/comm", "w");
	fputs(name, comm);
	fclose(comm);
	if (syscall(SYS_sched_setattr, 0, attributes, 0))
		perror(name);
	else
		ok = write(ready[1], &ok, 1);
	for (;;)
		;
}

int main(void)
{
	printf("%d ", spin("fifo", &fifo));
	printf("%d\n", spin("deadline", &deadline));
	fflush(stdout);
	wait(NULL);
	return 0;
}
