// SPDX-License-Identifier: GPL-2.0-only
/* fragment-kernel - kernel memory in single pages: more of the supervisor's areas than the host
 * allows
 *
 * Every second page of most of memory is free, and what the kernel then allocates in pieces of 4
 * MiB, tables of descriptors, is a thousand pages of which no two stand in a row.
 */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#define DESCRIPTORS 500000 /* 8 bytes each in the table */
#define TABLES 96
#define LEFT (96UL << 20)
#define PIPE_SIZE (1UL << 20)
#define PIPES_MAX 2048

/* Pages of pipes stay where they are: two are filled by turns, one of them is emptied */
static unsigned scatter(void)
{
	static int pipes[PIPES_MAX][2][2];
	struct sysinfo info;
	char page[PAGE] = { 1 };
	unsigned holes = 0, pairs;

	sysinfo(&info);
	pairs = (info.freeram - LEFT) / PIPE_SIZE / 2;
	if (pairs > PIPES_MAX)
		pairs = PIPES_MAX;
	for (unsigned i = 0; i < pairs; i++) {
		for (unsigned j = 0; j < 2; j++) {
			if (pipe2(pipes[i][j], O_NONBLOCK) ||
			    fcntl(pipes[i][j][1], F_SETPIPE_SZ, PIPE_SIZE) < 0)
				return 0;
		}
		while (write(pipes[i][0][1], page, PAGE) == PAGE &&
		       write(pipes[i][1][1], page, PAGE) == PAGE)
			holes++;
	}
	for (unsigned i = 0; i < pairs; i++) {
		close(pipes[i][0][0]);
		close(pipes[i][0][1]);
	}
	return holes;
}

static void table(int ready)
{
	if (dup2(ready, DESCRIPTORS) < 0 || write(DESCRIPTORS, "x", 1) != 1)
		_exit(1);
	pause();
}

int main(void)
{
	const struct rlimit limit = { DESCRIPTORS + 1, DESCRIPTORS + 1 };
	unsigned holes, tables = 0;
	pid_t pids[TABLES];
	int ready[2];
	char byte;

	if (setrlimit(RLIMIT_NOFILE, &limit) || pipe(ready))
		return 1;
	holes = scatter();
	for (unsigned i = 0; i < TABLES; i++) {
		pids[i] = fork();
		if (!pids[i])
			table(ready[1]);
		tables += read(ready[0], &byte, 1);
	}
	printf("%s, %u tables\n", holes > TABLES * 1024 ? "scattered" : "not scattered", tables);
	for (unsigned i = 0; i < TABLES; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	puts("over");
	return 0;
}
