// SPDX-License-Identifier: GPL-2.0-only
/* orphans - run a command on the host and say whether it left processes behind
 *
 * Usage: orphans COMMAND [ARGUMENT]...
 *
 * Exits with the command's status, or 99 when something of it still lives a while after its end.
 * Whatever the command's processes do to their sessions and parents, they become our children.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 15000 /* milliseconds */

int main(int argc, char **argv)
{
	int status = 0, other;
	pid_t pid;

	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return 98;
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	for (int ms = 0; ms < PATIENCE; ms += 5) {
		pid_t got = waitpid(-1, &other, WNOHANG);

		if (got < 0 && errno == ECHILD)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (!got)
			usleep(5000);
	}
	fprintf(stderr, "orphans: processes are left\n");
	signal(SIGTERM, SIG_IGN);
	return 99;
}
