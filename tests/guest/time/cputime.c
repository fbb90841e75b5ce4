/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.c - whose the CPU time is that a program takes
 *
 * Prints a line for each kind of work: how much of its CPU time was the system's, in percent, and
 * how much of what the scheduler's clock says the two parts make up. With an argument it works for
 * itself for so many seconds and prints how much of them it had.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 0.4
#define LONG_READ (16 << 20)
#define AREA (4 << 20)

static int zero;
static char buffer[LONG_READ];

static double clock_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void compute(void)
{
	for (volatile int i = 0; i < 100000; i++)
		;
}

static void read_long(void)
{
	if (read(zero, buffer, LONG_READ) != LONG_READ)
		_exit(1);
}

static void touch(void)
{
	char *area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < AREA; i += 4096)
		area[i] = 1;
	munmap(area, AREA);
}

static double seconds(struct timeval tv)
{
	return tv.tv_sec + tv.tv_usec / 1e6;
}

static void measure(const char *name, void (*work)(void))
{
	double begin, cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID), user, system;
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	/* in CPU time: a busy host gives some of it at last */
	for (begin = cpu; clock_now(CLOCK_PROCESS_CPUTIME_ID) - begin < SECONDS;)
		work();
	getrusage(RUSAGE_SELF, &after);
	cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	user = seconds(after.ru_utime) - seconds(before.ru_utime);
	system = seconds(after.ru_stime) - seconds(before.ru_stime);
	printf("%s %.0f %.0f\n", name, 100 * system / (user + system), 100 * (user + system) / cpu);
}

static void work_for(double span)
{
	double begin = clock_now(CLOCK_MONOTONIC), passed;
	struct rusage usage;

	do {
		compute();
		passed = clock_now(CLOCK_MONOTONIC) - begin;
	} while (passed < span);
	getrusage(RUSAGE_SELF, &usage);
	printf("%.0f\n", 100 * (seconds(usage.ru_utime) + seconds(usage.ru_stime)) / passed);
}

int main(int argc, char **argv)
{
	zero = open("/dev/zero", O_RDONLY);
	if (argc > 1) {
		work_for(atof(argv[1]));
		return 0;
	}
	measure("compute", compute);
	measure("read", read_long);
	measure("touch", touch);
	return 0;
}
