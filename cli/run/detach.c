// SPDX-License-Identifier: GPL-2.0-only
/* detach.c - vitrine run --detach: a sandbox in the background
 *
 * Theory of operation
 * The sandbox runs in a child with a session of its own. We stay until its command has been
 * started, so that whatever can go wrong with the command line goes wrong while somebody looks:
 * what the supervisor says comes through a pipe, and a command that cannot be executed ends the
 * sandbox with a status of its own. Then we print the sandbox's name and leave.
 *
 * A command runs when its process has arguments: before execve(2) it is a thread of the kernel.
 *
 * Host system calls: pipe2, clone, setsid, dup3, poll, wait4, kill, and those of the client.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "detach.h"
#include "vitrine/util.h"
#include "vitrine/abi.h"

#define LOOK_MS 20
#define PATIENCE 5	     /* seconds for one answer */
#define LOOKS_MAX 1500	     /* at a command that has hidden its arguments: half a minute */
#define STATUS_UNSTARTED 126 /* and 127: the command could not be executed */

static volatile sig_atomic_t child;

static void give_up(int number)
{
	if (child > 0)
		kill(child, SIGKILL);
	_exit(128 + number);
}

#define FD_HIGH 64 /* out of the way of those that the supervisor has */

/* Behind the standard streams, which are there by now: layers, and who waits for us */
static int hand_over(const struct detached *d, int waiting)
{
	const unsigned layers = d->config->layers, count = layers + d->config->tells;
	int high[SANDBOX_LAYERS_MAX + 1];

	for (unsigned i = 0; i < count; i++) {
		high[i] = fcntl(i < layers ? d->layers[i] : waiting, F_DUPFD, FD_HIGH);
		if (high[i] < 0)
			return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		if (dup2(high[i], SANDBOX_LAYERS_FD + (int)i) < 0)
			return -1;
	}
	return 0;
}

static void __attribute__((noreturn))
supervise(const struct detached *detached, struct kept *kept, int words, int waiting)
{
	const struct sandbox_config *config = detached->config;
	struct error err = { 0 };
	int status;

	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* A supervisor closes all descriptors but three, and this one has no use for those */
	if (dup2(kept->record, STDIN_FILENO) < 0 || dup2(kept->log, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0 || hand_over(detached, waiting))
		_exit(EXIT_VITRINE);
	kept->record = STDIN_FILENO;
	kept->log = STDOUT_FILENO;
	if (detached->beside)
		detached->beside(config);
	status = sandbox_run(config, &err);
	if (status < 0)
		status = cli_fail(EXIT_VITRINE, &err);
	if (!sandbox_paused())
		kept_end(kept, status);
	_exit(status);
}

/* What the supervisor has said so far goes where it would have gone */
static void pass_on(int words, bool *said)
{
	struct pollfd fd = { .fd = words, .events = POLLIN };
	char text[1024];
	ssize_t n;

	while (poll(&fd, 1, 0) > 0 && (n = read(words, text, sizeof(text))) > 0) {
		*said = true;
		if (write(STDERR_FILENO, text, n) < 0)
			return;
	}
}

static bool has_arguments(struct client *client, json_int_t pid)
{
	bool more = true, found = false;
	struct answer answer;
	json_t *process;
	size_t i;

	if (client_send(client, json_pack("{s:s}", "op", "ps"), NULL, 0, NULL) < 0)
		return false;
	while (more && client_receive(client, &answer, NULL) > 0) {
		json_array_foreach(json_object_get(answer.json, "processes"), i, process)
		{
			const char *line = json_string_value(json_object_get(process, "cmdline"));

			if (json_integer_value(json_object_get(process, "pid")) == pid)
				found = line && line[0];
		}
		more = json_is_true(json_object_get(answer.json, "more"));
		json_decref(answer.json);
	}
	return found;
}

static bool command_runs(const struct sandbox_config *config)
{
	static struct client client = { .fd = -1 };
	struct answer answer;
	json_int_t pid = 0;
	bool runs = false;

	if (client_open(&client, config->name, NULL) < 0)
		return false;
	/* A sandbox of that name that ran already is not ours */
	if (client_pid(&client) == child) {
		client_timeout(&client, PATIENCE);
		if (client_call(&client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer,
				NULL) == 0) {
			pid = json_integer_value(json_object_get(answer.json, "main"));
			json_decref(answer.json);
		}
		runs = pid > 0 && has_arguments(&client, pid);
	}
	client_close(&client);
	return runs;
}

/* Wait for the command, or the end. Return: exit status of the sandbox, -1 when it runs */
static int await(const struct detached *d, int words)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	bool said = false;
	int status;

	for (unsigned looks = 0; waitpid(child, &status, WNOHANG) == 0; looks++) {
		pass_on(words, &said);
		/* With --web, what it says is where */
		if ((command_runs(d->config) && (!d->says || said)) || looks > LOOKS_MAX)
			return -1;
		nanosleep(&look, NULL);
	}
	pass_on(words, &said);
	return (int)vt_exit_status((vt_u32)status);
}

/* The same of one that tells when it serves. It closes the pipe when it ends */
static int await_served(int words, int served)
{
	struct pollfd fds[] = { { .fd = words, .events = POLLIN },
				{ .fd = served, .events = POLLIN } };
	bool said;
	char byte;
	int status;

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
		pass_on(words, &said);
		if (fds[1].revents & POLLIN && read(served, &byte, 1) == 1)
			return -1;
		if (fds[1].revents & (POLLHUP | POLLERR))
			break;
		if (fds[0].revents & POLLHUP)
			fds[0].fd = -1;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	pass_on(words, &said);
	return (int)vt_exit_status((vt_u32)status);
}

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };

static void catch_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		signal(deadly[i], give_up);
}

/* It runs: what ends us does not end it any more */
static void leave_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		signal(deadly[i], SIG_DFL);
}

/* Its last words say why a command could not be executed */
static void show_log(const struct kept *kept)
{
	char path[64], text[1024];
	cleanup_close int log = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", kept->log);
	log = open(path, O_RDONLY | O_CLOEXEC);
	n = log < 0 ? 0 : read(log, text, sizeof(text));
	if (n > 0 && write(STDERR_FILENO, text, n) < 0)
		return;
}

int run_detached(struct detached *d, struct error *err)
{
	struct kept kept;
	int words[2], served[2] = { -1, -1 }, status;

	if (kept_begin(&kept, d->config, err) < 0)
		return -1;
	if (pipe2(words, O_CLOEXEC) < 0 || (d->config->tells && pipe2(served, O_CLOEXEC) < 0)) {
		kept_discard(&kept);
		return error_set(err, errno, "cannot make a pipe");
	}
	child = fork();
	if (child == 0) {
		close(words[0]);
		supervise(d, &kept, words[1], served[1]);
	}
	close(words[1]);
	if (served[1] >= 0)
		close(served[1]);
	if (child < 0) {
		kept_discard(&kept);
		return error_set(err, errno, "cannot start a process");
	}
	d->pid = child;
	catch_signals();
	status = d->config->tells ? await_served(words[0], served[0]) : await(d, words[0]);
	if (served[0] >= 0)
		close(served[0]);
	leave_signals();
	close(words[0]);
	if (status >= EXIT_VITRINE && status <= STATUS_UNSTARTED + 1) {
		show_log(&kept);
		kept_discard(&kept);
		return status;
	}
	kept_publish(&kept, !d->remove);
	if (!d->quiet)
		puts(d->config->name);
	return 0;
}
