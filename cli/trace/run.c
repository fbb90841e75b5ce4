// SPDX-License-Identifier: GPL-2.0-only
/* run.c - vitrine trace run: a sandbox that is watched from its first instruction
 *
 * Theory of operation
 * The sandbox runs in a child; we are its parent, so that we can still write what it did when it is
 * over, and end with its exit status. Its kernel records from the start (what it is told on its
 * command line), into rings that hold some ten thousand events, and it waits for us before it
 * boots: between our first look and its first event there is nothing to miss.
 *
 * Ctrl-C reaches both of us. The sandbox decides what it means; we go on until it has ended. Other
 * requests to end are passed on.
 *
 * Host system calls: clone, wait4, prctl, kill, and those of the two parts.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "cli/common/cli.h"
#include "cli/run/options.h"
#include "trace.h"
#include "vitrine/util.h"
#include "vitrine/abi.h"

#define CONNECT_PAUSE_NS 1000000L

static int sandbox(const struct sandbox_config *config)
{
	struct error err = { 0 };
	int status;

	/* Without us nobody would see what it does, nor end it */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	status = sandbox_run(config, &err);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}

/* Is the child over? Its status is left for the end */
static bool child_ended(pid_t child)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == child;
}

/* It says itself why it could not start */
static struct observer *connect_to(const char *name, pid_t child, bool *gone, struct error *err)
{
	const struct timespec pause = { .tv_nsec = CONNECT_PAUSE_NS };

	for (;;) {
		struct observer *observer = observer_connect(name, err);

		*gone = child_ended(child);
		if (observer || *gone)
			return observer;
		nanosleep(&pause, NULL);
	}
}

static int watch(const struct trace_options *options, const char *name, pid_t child, int fd,
		 struct error *err)
{
	bool gone = false;
	struct observer *observer = connect_to(name, child, &gone, err);
	int ret;

	if (!observer)
		return gone ? 0 : -1;
	ret = trace_observe(observer, options, fd, EVENTS_FROM_OLDEST, err);
	observer_close(observer);
	/* A sandbox that failed has told why we saw nothing of it */
	return ret != TRACE_UNWRITTEN && child_ended(child) ? 0 : ret;
}

static int child_status(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_VITRINE;
	}
	return (int)vt_exit_status((vt_u32)status);
}

static int start(const struct trace_options *options, struct run_options *run, struct error *err)
{
	cleanup_close int file = -1;
	int fd = STDERR_FILENO;
	pid_t child;

	if (options->output) {
		file = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0)
			return error_set(err, errno, "%s", options->output);
		fd = file;
	}
	run->config.traced = true;
	run->config.traced_capture = trace_capture(options);
	child = fork();
	if (child < 0)
		return error_set(err, errno, "cannot start a process");
	if (child == 0) {
		int status = sandbox(&run->config);

		fflush(NULL);
		_exit(status);
	}
	signal(SIGINT, SIG_IGN);
	if (watch(options, run->config.name, child, fd, err) < 0) {
		cli_fail(EXIT_VITRINE, err);
		kill(child, SIGTERM);
		child_status(child);
		return EXIT_VITRINE;
	} else if (trace_stopped(0, 0)) {
		kill(child, SIGTERM); /* we were asked to end, which it may not know */
	}
	return child_status(child);
}

int trace_run(const struct trace_options *options, struct run_options *run)
{
	struct error err = { 0 };
	int status;

	trace_catch_signals();
	if (run_options_resolve(run, &err))
		return cli_fail(EXIT_VITRINE, &err);
	status = start(options, run, &err);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}
