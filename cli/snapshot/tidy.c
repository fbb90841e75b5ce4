// SPDX-License-Identifier: GPL-2.0-only
/* tidy.c - what is done with a snapshot when nobody waits any more
 *
 * Theory of operation
 * A process of its own, which nobody waits for and whose CPU and disk time nobody else wants, sums
 * up the layers that have no checksums and collapses a chain that has become too long. It has no
 * way to say what goes wrong, and no need to: a later one does what was left.
 *
 * Host system calls: fork, setsid, dup2, close_range, setpriority, ioprio_set; those of the engine.
 */
#include "tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/snapshot/collapse.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/sums.h"

#define LEAST_NICE 19
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

/* Not of what has checksums already */
static void sum_up(int dir)
{
	DIR *entries = fdopendir(dup(dir));
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		unsigned first, last;
		int end = 0;

		if (sscanf(entry->d_name, LAYERS_FILE "%n", &first, &last, &end) == 2 && end &&
		    !entry->d_name[end])
			sums_make(dir, entry->d_name, NULL);
	}
	if (entries)
		closedir(entries);
}

static void __attribute__((noreturn)) tidy(int dir)
{
	const int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	dup2(dir, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	setpriority(PRIO_PROCESS, 0, LEAST_NICE);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	snapshot_tidy(STDERR_FILENO + 1, NULL);
	sum_up(STDERR_FILENO + 1);
	_exit(0);
}

void tidy_later(const char *path)
{
	const int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	pid_t pid = dir < 0 ? -1 : fork();

	if (!pid) {
		setsid();
		if (!fork())
			tidy(dir);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (dir >= 0)
		close(dir);
}
