// SPDX-License-Identifier: GPL-2.0-only
/* learn.c - the first who goes on from a snapshot tells the next ones what is written first
 *
 * Theory of operation
 * What a sandbox copies of a snapshot's memory is known when it has done something, and then its
 * supervisor has no file system. So a process beside it waits for the list, for some seconds at
 * most. It is nobody's child, has nothing but the pipe and the snapshot's directory, and believes
 * nothing: a supervisor that a guest has taken over can give it a list that is of no use, and no
 * more (hot_copy()).
 *
 * Host system calls: pipe2, clone, setsid, close_range, poll, read, write, openat, renameat, wait4.
 */
#include "learn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/memory/hot.h"
#include "snapshot.h"
#include "vitrine/util.h"

#define PATIENCE_MS 3000

enum { PIPE_HERE = 3, DIR_HERE }; /* of the other process */

static int to = -1;
static int told;

/* Another one of that kind may be here, too: each has a name of its own, and the last one stays */
static void keep(const struct hot *list, size_t len)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), SNAPSHOT_HOT ".%d", getpid());
	fd = openat(DIR_HERE, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, list, len) != (ssize_t)len ||
	    renameat(DIR_HERE, name, DIR_HERE, SNAPSHOT_HOT))
		unlinkat(DIR_HERE, name, 0);
	close(fd);
}

static void __attribute__((noreturn)) listen_for_it(int from, int dir)
{
	static struct hot list;
	struct pollfd fd = { .fd = PIPE_HERE, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	setsid();
	if (dup2(dir, 64) < 0 || dup2(from, PIPE_HERE) < 0 || dup2(64, DIR_HERE) < 0)
		_exit(1);
	close_range(0, 2, 0);
	close_range(DIR_HERE + 1, ~0U, 0);
	prctl(PR_SET_NAME, "learner");
	while (n > 0 && len < sizeof(list) && poll(&fd, 1, PATIENCE_MS) > 0) {
		n = read(PIPE_HERE, (char *)&list + len, sizeof(list) - len);
		len += n > 0 ? (size_t)n : 0;
	}
	list.lived = 1;
	if (!n && hot_is_good(&list, (int64_t)len))
		keep(&list, len);
	_exit(0);
}

void learn_begin(int dir)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		/* twice: whoever waits for the sandbox's processes does not find it */
		if (fork())
			_exit(0);
		listen_for_it(ends[0], dir);
	}
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return;
	}
	waitpid(pid, NULL, 0);
	to = ends[1];
}

void learn_tell(void)
{
	static struct hot list;

	if (to < 0 || __atomic_exchange_n(&told, 1, __ATOMIC_ACQ_REL))
		return;
	(void)!write(to, &list, hot_list(&list));
	close(to);
}
