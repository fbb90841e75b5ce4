// SPDX-License-Identifier: GPL-2.0-only
/* keeper.c - a process that waits beside a sandbox, and pauses it: --idle-pause, --on-timeout pause
 *
 * Theory of operation
 * The supervisor may open no file, so it cannot pause itself. It says when (engine/control/idle.c),
 * and this does what `vitrine pause` does. It is nobody's child, so that no one who waits for the
 * sandbox's processes finds it, and holds nothing of the sandbox but a connection, whose end is
 * its own.
 *
 * Host system calls: clone, setsid, open, dup2, close_range, kill, nanosleep, and those of a
 * client and of `vitrine pause`.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/client.h"
#include "write.h"
#include "vitrine/util.h"

#define LOOK_MS 20
#define RETRY_SECONDS 5 /* after a pause that failed */

static struct client client = { .fd = -1 };

static void detach(void)
{
	const int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "keeper");
}

/* Another sandbox of that name is not ours. Return: 0, or -1 when ours is gone */
static int connect_to(const char *name, pid_t supervisor)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

	while (!kill(supervisor, 0)) {
		if (!client_open(&client, name, NULL) && client_pid(&client) == supervisor)
			return 0;
		client_close(&client);
		nanosleep(&look, NULL);
	}
	return -1;
}

/* Wait until it is time. Return: 0, or -1 when the sandbox has ended */
static int await(const char *failed)
{
	struct answer answer;

	if (client_send(&client, json_pack("{s:s, s:s*}", "op", "await", "failed", failed), NULL, 0,
			NULL) ||
	    client_receive(&client, &answer, NULL) <= 0)
		return -1;
	json_decref(answer.json);
	return 0;
}

static void keep(const char *name, pid_t supervisor)
{
	const struct timespec retry = { .tv_sec = RETRY_SECONDS };
	struct error err = { 0 };
	bool failed = false;

	if (connect_to(name, supervisor))
		return;
	client_timeout(&client, 0); /* it is idle in its own time */
	while (!await(failed ? err.text : NULL)) {
		if (!sandbox_pause(&client, true, &err))
			return;
		failed = err.code != EBUSY; /* somebody came meanwhile, and it is no news */
		if (failed)
			nanosleep(&retry, NULL);
	}
}

void keeper_start(const struct sandbox_config *config)
{
	const pid_t supervisor = getpid();
	pid_t child;

	if (!config->idle_pause && !config->pause_on_timeout)
		return;
	child = fork();
	if (!child) {
		if (fork())
			_exit(0);
		detach();
		keep(config->name, supervisor);
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
