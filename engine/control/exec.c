// SPDX-License-Identifier: GPL-2.0-only
/* exec.c - one more command in a running sandbox, for a client of the control socket
 *
 * Theory of operation
 * The client sends its own stdin (used if it says "stdin": true), stdout and stderr with the
 * message; the streams of the new job use them directly, so the data never passes through the
 * socket. What follows on the connection are window sizes and signals from the client, and from us
 * {"pid": n}, {"signal": n} for each signal that was passed on, and at the end {"exit": status,
 * "lost": errno, "lost_fd": 1 or 2} (why output could not be written, 0 when all was). By then the
 * output is written and nothing of ours reads the client's terminal any more.
 *
 * A client that disappears does not stop its command, as with docker and ssh without a terminal;
 * but its streams are cut, which hangs up the command's terminal if it has one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "operations.h"
#include "engine/jobs/jobs.h"
#include "engine/jobs/request.h"
#include "vitrine/util.h"

#define STREAMS 3
#define DRAIN_MS 500 /* until the client is looked at again */

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static bool same_variable(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return !strncmp(a, b, len) && b[len] == '=';
}

/* Add a variable, replacing its former value */
static void environment_add(const char **env, size_t *count, const char *entry)
{
	for (size_t i = 0; i < *count; i++) {
		if (same_variable(entry, env[i])) {
			env[i] = entry;
			return;
		}
	}
	env[(*count)++] = entry;
}

/* The main command's environment with the client's additions; the caller frees the array only */
static const char **environment_merge(char *const *base, const struct message *msg)
{
	size_t count = 0;
	const char **env = calloc(list_length((const char *const *)base) +
				      list_length((const char *const *)msg->env) + 1,
				  sizeof(*env));

	if (!env)
		return NULL;
	for (size_t i = 0; base && base[i]; i++) {
		/* Another user's home is for the guest's passwd file to say */
		if (!msg->user || strncmp(base[i], "HOME=", 5))
			environment_add(env, &count, base[i]);
	}
	for (size_t i = 0; msg->env && msg->env[i]; i++) {
		if (strchr(msg->env[i], '='))
			environment_add(env, &count, msg->env[i]);
	}
	return env;
}

/* False when the guest kernel does not take it: it hangs, and the client need not wait for it */
static bool pass_signal(struct connection *conn, int job, int sig)
{
	struct error err;

	if (request_stalled()) {
		error_set(&err, ETIMEDOUT, "the guest's kernel does not answer");
		connection_error(conn, &err);
		return false;
	}
	job_signal(job, sig);
	return connection_answer(conn, json_pack("{s:i}", "signal", sig)) == 0;
}

/* A message of a client whose command runs; false when the client has gone or misbehaves */
static bool client_message(struct connection *conn, int job)
{
	ssize_t len = connection_receive(conn);
	struct message msg;
	struct error err;
	bool good = true;

	if (len <= 0 || message_parse(conn->packet, len, &msg, &err) < 0)
		return false;
	if (msg.op == MESSAGE_RESIZE)
		job_resize(job, msg.rows, msg.columns);
	else if (msg.op == MESSAGE_SIGNAL)
		good = pass_signal(conn, job, msg.signal);
	message_free(&msg);
	return good;
}

/* Wait for the end of the job; false when the client has gone meanwhile */
static bool session_run(struct connection *conn, int job, void (*gone)(int job))
{
	struct pollfd fds[2] = {
		{ .fd = job_exit_fd(job), .events = POLLIN },
		{ .fd = conn->fd, .events = POLLIN },
	};
	bool present = true;

	while (!fds[0].revents) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents && !client_message(conn, job)) {
			present = false;
			fds[1].fd = -1;
			fds[1].revents = 0;
			if (!gone)
				break;
			gone(job);
		}
	}
	return present;
}

/* Write out what the job has left; false when the client has gone meanwhile */
static bool session_drain(struct connection *conn, int job)
{
	bool present = true;

	while (present && !job_flush(job, DRAIN_MS)) {
		struct pollfd client = { .fd = conn->fd, .events = POLLRDHUP };

		present = poll(&client, 1, 0) <= 0;
	}
	if (!present)
		job_cut(job);
	return present;
}

/* Start a job with the descriptors that came, and serve the client until it is over */
static int session(struct connection *conn, struct job_spec *spec, void (*gone)(int job))
{
	struct error err;
	bool present;
	int job, lost, lost_fd, ret;

	job = job_start(spec, conn->fd, &err);
	if (job < 0)
		return connection_error(conn, &err);
	connection_answer(conn, json_pack("{s:i}", "pid", (int)job_pid(job)));
	present = session_run(conn, job, gone) && session_drain(conn, job);
	lost = job_output_error(job, &lost_fd);
	ret = present ? connection_answer(conn,
					  json_pack("{s:i, s:i, s:i}", "exit", (int)job_status(job),
						    "lost", lost, "lost_fd", lost_fd))
		      : -1;
	job_release(job);
	return ret;
}

int control_exec(struct connection *conn, struct message *msg)
{
	struct job_spec spec = {
		.argv = (char *const *)msg->argv,
		.cwd = msg->cwd ? msg->cwd : conn->config->cwd,
		.user = msg->user ? msg->user : conn->config->user,
		.uid = conn->config->uid,
		.gid = conn->config->gid,
		.tty = msg->tty,
		.rows = msg->rows,
		.columns = msg->columns,
	};
	cleanup_free const char **env = environment_merge(conn->config->env, msg);
	int fds[STREAMS];
	struct error err;
	int ret;

	if (conn->nfds != STREAMS) {
		error_set(&err, 0, "exec: three descriptors must come with the message");
		return connection_error(conn, &err);
	}
	memcpy(fds, conn->fds, sizeof(fds));
	conn->nfds = 0; /* the streams use them until the end of this function */
	memcpy(spec.fds, fds, sizeof(fds));
	if (!msg->input)
		spec.fds[0] = -1;
	spec.env = (char *const *)env;
	if (env) {
		ret = session(conn, &spec, job_cut);
	} else {
		error_set(&err, ENOMEM, "exec");
		ret = connection_error(conn, &err);
	}
	for (int i = 0; i < STREAMS; i++)
		close(fds[i]);
	return ret;
}

/* Nobody will read what its other end still says */
static void hang_up(int job)
{
	job_cut(job);
	job_signal(job, SIGKILL);
}

/*
 * A connection to a server in the guest: as a command, whose standard input and output are what is
 * sent and received. Its two descriptors may be the same socket. A client that goes ends it.
 */
int control_connect(struct connection *conn, struct message *msg)
{
	char port[8], *const argv[] = { port, NULL };
	struct job_spec spec = { .argv = argv, .connect = true, .fds = { -1, -1, -1 } };
	int fds[2], ret;
	struct error err;

	if (conn->nfds != ARRAY_SIZE(fds)) {
		error_set(&err, 0, "connect: two descriptors must come with the message");
		return connection_error(conn, &err);
	}
	snprintf(port, sizeof(port), "%d", (int)msg->port);
	memcpy(fds, conn->fds, sizeof(fds));
	conn->nfds = 0;
	memcpy(spec.fds, fds, sizeof(fds));
	ret = session(conn, &spec, hang_up);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	return ret;
}

/*
 * As control_exec(), for the main command when it has no streams: of a sandbox that was detached,
 * or resumed. A client that goes takes its streams along, and the command does not notice.
 */
int control_attach(struct connection *conn, struct message *msg)
{
	int fds[STREAMS], ret;
	struct error err;
	bool tty;

	if (conn->nfds != STREAMS) {
		error_set(&err, 0, "attach: three descriptors must come with the message");
		return connection_error(conn, &err);
	}
	memcpy(fds, conn->fds, sizeof(fds));
	conn->nfds = 0;
	if (jobs_main_attach(fds, msg->input, &tty, &err)) {
		ret = connection_error(conn, &err);
	} else {
		if (tty && msg->rows && msg->columns)
			job_resize(JOB_MAIN, msg->rows, msg->columns);
		connection_answer(
		    conn, json_pack("{s:i, s:b}", "pid", (int)job_pid(JOB_MAIN), "tty", (int)tty));
		ret = -1;
		if (session_run(conn, JOB_MAIN, NULL) && job_flush(JOB_MAIN, DRAIN_MS))
			ret = connection_answer(
			    conn, json_pack("{s:i}", "exit", (int)job_status(JOB_MAIN)));
		jobs_main_detach();
	}
	for (int i = 0; i < STREAMS; i++)
		close(fds[i]);
	return ret;
}
