// SPDX-License-Identifier: GPL-2.0-only
/* turns.c - make the same call again and again, and say how long it took at which time
 *
 * Usage: turns ROW SECONDS
 *
 * Prints, when it is done, a line for each few milliseconds: when they began and ended, in
 * nanoseconds of CLOCK_REALTIME, and nanoseconds per operation.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_NS 3000000
#define BLOCKS_MAX (1 << 17)

static int file, fds[2];

static void do_getppid(void)
{
	syscall(SYS_getppid);
}

static void do_stat(void)
{
	struct stat st;

	stat("/etc/passwd", &st);
}

static void do_read(void)
{
	char buffer[512];

	if (pread(file, buffer, sizeof(buffer), 0) < 0)
		exit(1);
}

static void do_pipe(void)
{
	char c = 0;

	if (write(fds[1], &c, 1) != 1 || read(fds[0], &c, 1) != 1)
		exit(1);
}

static void do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		exit(1);
}

static void do_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "getppid", do_getppid }, { "stat", do_stat }, { "read", do_read },
	{ "pipe", do_pipe },	   { "fork", do_fork }, { "clock", do_clock },
};

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static struct block {
	long long begin, end;
} blocks[BLOCKS_MAX];

static long long many(void (*run)(void), unsigned count)
{
	long long begin = now();

	for (unsigned i = 0; i < count; i++)
		run();
	return now() - begin;
}

int main(int argc, char **argv)
{
	void (*run)(void) = NULL;
	unsigned count = 1, done = 0;
	long long end;

	for (unsigned i = 0; argc == 3 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].name, argv[1]))
			run = rows[i].run;
	}
	file = open("/proc/self/exe", O_RDONLY);
	if (!run || file < 0 || pipe(fds))
		return 1;
	while (many(run, count) < BLOCK_NS)
		count += count / 2 + 1;
	for (end = now() + atoll(argv[2]) * 1000000000LL; now() < end && done < BLOCKS_MAX;
	     done++) {
		blocks[done].begin = now();
		many(run, count);
		blocks[done].end = now();
	}
	for (unsigned i = 0; i < done; i++)
		printf("%lld %lld %.1f\n", blocks[i].begin, blocks[i].end,
		       (double)(blocks[i].end - blocks[i].begin) / count);
	return 0;
}
