// SPDX-License-Identifier: GPL-2.0-only
/* exec.c - vitrine trace exec: one command in a sandbox that runs, and all that it starts
 *
 * Theory of operation
 * The kernel records before the command is asked for. It is asked for by a child of ours, which
 * does what vitrine exec does and says what number the command has in the sandbox. Until then the
 * events wait in their rings; the first that we look at are the command's. When the child has
 * ended and nothing is left in the rings, so has the trace.
 *
 * Ctrl-C reaches both of us. The command decides what it means.
 *
 * Host system calls: clone, wait4, pipe2, prctl, kill, and those of the two parts.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/exec.h"
#include "trace.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

/**
 * struct trace_command - the command
 * @filter: the trace's, which gets its number
 * @child:  the process that waits for it; 0: not started yet
 */
struct trace_command {
	const struct exec_options *exec;
	struct trace_filter *filter;
	pid_t child;
};

static void __attribute__((noreturn)) child_run(const struct exec_options *exec, int tell)
{
	struct exec_options own = *exec;
	int status;

	/* Nobody would see what it does */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	own.tell = tell;
	status = exec_run(&own);
	fflush(NULL);
	_exit(status);
}

int trace_command_begin(struct trace_command *command, struct error *err)
{
	int tell[2];
	pid_t pid;
	ssize_t n;

	if (pipe2(tell, O_CLOEXEC))
		return error_set(err, errno, "cannot make a pipe");
	command->child = fork();
	if (command->child == 0) {
		close(tell[0]);
		child_run(command->exec, tell[1]);
	}
	close(tell[1]);
	if (command->child < 0) {
		close(tell[0]);
		command->child = 0;
		return error_set(err, errno, "cannot start a process");
	}
	signal(SIGINT, SIG_IGN);
	do
		n = read(tell[0], &pid, sizeof(pid));
	while (n < 0 && errno == EINTR && !trace_stopped(0, 0));
	close(tell[0]);
	/* One that could not be started says so itself, and nothing happens in it */
	command->filter->pids[0] = n == sizeof(pid) ? (uint32_t)pid : 0;
	command->filter->npids = 1;
	return trace_pids_init(command->filter, err);
}

bool trace_command_over(const struct trace_command *command)
{
	siginfo_t info = { 0 };

	/* Its status is left for the end */
	return waitid(P_PID, (id_t)command->child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == command->child;
}

static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_VITRINE;
	}
	return (int)vt_exit_status((vt_u32)status);
}

static int observe(struct trace_options *options, const struct exec_options *exec,
		   struct error *err)
{
	static struct trace_command command;
	cleanup_close int file = -1;
	struct observer *observer;
	int ret;

	if (options->output) {
		file = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0)
			return error_set(err, errno, "%s", options->output);
	}
	observer = observer_connect(exec->name, err);
	if (!observer)
		return -1;
	command = (struct trace_command){ .exec = exec, .filter = &options->filter };
	options->command = &command;
	options->filter.follow_forks = true;
	ret =
	    trace_observe(observer, options, file < 0 ? STDERR_FILENO : file, EVENTS_FROM_NOW, err);
	observer_close(observer);
	if (command.child && (ret < 0 || trace_stopped(0, 0)))
		kill(command.child, SIGTERM); /* we were asked to end, which it may not know */
	if (ret < 0)
		cli_fail(EXIT_VITRINE, err);
	if (command.child)
		return ret < 0 ? (status_of(command.child), EXIT_VITRINE)
			       : status_of(command.child);
	return ret < 0 ? EXIT_VITRINE : 0;
}

int trace_exec(struct trace_options *options, int argc, char **argv)
{
	struct exec_options exec;
	struct error err = { 0 };
	int at = exec_parse(&exec, argc, argv, &err), status = 0;

	if (at > 0 && options->filter.npids)
		at = error_set(&err, 0, "--pid is not for a command that has no number yet");
	if (at < 0) {
		status = cli_fail(EXIT_USAGE, &err);
	} else if (at != OPTIONS_HELP) {
		status = observe(options, &exec, &err);
		if (status < 0)
			status = cli_fail(EXIT_VITRINE, &err);
	}
	exec_free(&exec);
	return status;
}
