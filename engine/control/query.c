// SPDX-License-Identifier: GPL-2.0-only
/* query.c - what a client of the control socket can ask about the sandbox, and its end
 *
 * Theory of operation
 * Lists that may not fit in one packet come as several, each but the last with "more": true. Names
 * and command lines are the guest's and need not be UTF-8, which JSON demands: bytes outside
 * printable ASCII that do not form valid UTF-8 become '?'.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "connection.h"
#include "engine/jobs/jobs.h"
#include "engine/log/logring.h"
#include "engine/jobs/request.h"
#include "vitrine/util.h"

#define STATUS_KILLED (128 + 9)
#define PS_BATCH 32
#define LOG_POLL 200 /* milliseconds until a follower's death is noticed */

static time_t started;

void control_query_init(void)
{
	started = time(NULL);
}

/* A JSON string from guest bytes */
static json_t *guest_string(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);
	char *copy;

	if (string)
		return string;
	copy = strndup(text, len);
	for (size_t i = 0; copy && copy[i]; i++) {
		if (copy[i] < ' ' || copy[i] > '~')
			copy[i] = '?';
	}
	string = copy ? json_string(copy) : NULL;
	free(copy);
	return string;
}

static json_t *string_array(char *const *list)
{
	json_t *array = json_array();

	for (size_t i = 0; list && list[i]; i++)
		json_array_append_new(array, guest_string(list[i], strlen(list[i])));
	return array;
}

int control_info(struct connection *conn, struct message *msg)
{
	const struct sandbox_config *config = conn->config;
	const struct sandbox_disk *root = config->disks;
	const char *image = root->label ? root->label : root->path ? root->path : "";

	return connection_answer(
	    conn, json_pack("{s:s, s:i, s:o, s:o, s:I, s:I, s:i}", "name", config->name, "pid",
			    (int)getpid(), "image", guest_string(image, strlen(image)), "command",
			    string_array(config->argv), "started", (json_int_t)started, "memory",
			    (json_int_t)config->memory, "main", (int)job_pid(JOB_MAIN)));
}

/* The arguments are NUL separated and end with a NUL; show them with spaces */
static json_t *cmdline_pack(const char *text, size_t len)
{
	cleanup_free char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	while (len && !copy[len - 1])
		len--;
	for (size_t i = 0; i < len; i++) {
		if (!copy[i])
			copy[i] = ' ';
	}
	return guest_string(copy, len);
}

static json_t *process_pack(const struct vt_ps *ps, const char *cmdline)
{
	const char state[2] = { ps->state };

	return json_pack(
	    "{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:I, s:I, s:I}", "pid", ps->pid, "ppid", ps->ppid,
	    "uid", ps->uid, "threads", ps->threads, "state", guest_string(state, strlen(state)),
	    "comm", guest_string(ps->comm, strnlen(ps->comm, sizeof(ps->comm))), "cmdline",
	    cmdline_pack(cmdline, ps->cmdline_len), "start_ns", (json_int_t)ps->start_ns, "cpu_ns",
	    (json_int_t)(ps->utime_ns + ps->stime_ns), "rss", (json_int_t)ps->rss_bytes);
}

static int processes_send(struct connection *conn, json_t *array, bool more)
{
	return connection_answer(conn,
				 json_pack("{s:o, s:b}", "processes", array, "more", (int)more));
}

int control_ps(struct connection *conn, struct message *msg)
{
	static const uint64_t no_args[4];
	cleanup_free void *data = NULL;
	struct reply reply;
	struct error err;
	json_t *batch = json_array();
	int ret = 0;

	request_call(VT_REQ_PS, no_args, NULL, 0, &reply);
	data = reply.data;
	if (reply.value < 0) {
		json_decref(batch);
		error_set(&err, -reply.value, "ps");
		return connection_error(conn, &err);
	}
	for (size_t at = 0; !ret && at + sizeof(struct vt_ps) <= reply.len;) {
		struct vt_ps ps;
		const char *cmdline = (char *)data + at + sizeof(ps);

		memcpy(&ps, (char *)data + at, sizeof(ps));
		if (ps.cmdline_len > reply.len - at - sizeof(ps))
			break;
		json_array_append_new(batch, process_pack(&ps, cmdline));
		at += (sizeof(ps) + ps.cmdline_len + 7) & ~7UL;
		if (json_array_size(batch) == PS_BATCH) {
			ret = processes_send(conn, batch, true);
			batch = json_array();
		}
	}
	return processes_send(conn, batch, false) | ret;
}

static bool client_gone(struct connection *conn)
{
	struct pollfd client = { .fd = conn->fd, .events = POLLIN | POLLRDHUP };

	return poll(&client, 1, 0) > 0;
}

int control_logs(struct connection *conn, struct message *msg)
{
	enum logring which = msg->kernel ? LOGRING_KERNEL : LOGRING_MAIN;
	cleanup_free char *text = malloc(MESSAGE_PAYLOAD_MAX);
	uint64_t offset = msg->tail == INT64_MAX ? 0 : logring_tail(which, msg->tail);
	bool over = false;

	while (text) {
		size_t len;

		over = control_stopping(); /* before what was written last is read */
		len = logring_read(which, &offset, text, MESSAGE_PAYLOAD_MAX);

		if (len &&
		    message_send(conn->fd, json_pack("{s:b}", "more", 1), text, len, NULL, 0) < 0)
			return -1;
		if (len)
			continue;
		if (!msg->follow || over)
			break;
		if (client_gone(conn))
			return -1;
		logring_wait(which, offset, LOG_POLL);
	}
	return connection_answer(conn, json_pack("{s:b}", "more", 0));
}

int control_kill(struct connection *conn, struct message *msg)
{
	uint64_t args[4] = { msg->pid ? msg->pid : job_pid(JOB_MAIN), msg->signal };
	struct reply reply;
	struct error err;

	if (!msg->pid && !msg->signal) {
		jobs_shutdown(STATUS_KILLED);
		return connection_answer(conn, json_object());
	}
	if (!msg->signal)
		args[1] = 15; /* SIGTERM, as kill(1) */
	request_call(VT_REQ_SIGNAL, args, NULL, 0, &reply);
	free(reply.data);
	if (reply.value < 0) {
		error_set(&err, -reply.value, "process %llu", (unsigned long long)args[0]);
		return connection_error(conn, &err);
	}
	return connection_answer(conn, json_object());
}
