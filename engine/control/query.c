// SPDX-License-Identifier: GPL-2.0-only
/* query.c - what a client of the control socket can ask about the sandbox, and its end
 *
 * Theory of operation
 * Lists that may not fit in one packet come as several, each but the last with "more": true. Names
 * and command lines are the guest's and need not be UTF-8, which JSON demands: bytes outside
 * printable ASCII that do not form valid UTF-8 become '?', and so do control characters, of which
 * each would take six bytes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "operations.h"
#include "engine/jobs/jobs.h"
#include "engine/log/logring.h"
#include "engine/jobs/request.h"
#include "engine/tier/tier.h"
#include "vitrine/util.h"

#define STATUS_KILLED (128 + 9)
#define PS_RECORD 512 /* bytes of a process in JSON, its command line left out, and to spare */
#define LOG_POLL 200  /* milliseconds until a follower's death is noticed */

static time_t started;
static void (*described)(json_t *info);

void control_describe(void (*describe)(json_t *info))
{
	described = describe;
}

void control_query_init(const struct sandbox_config *config)
{
	started = config->started ? (time_t)config->started : time(NULL);
}

/* A JSON string from guest bytes */
static json_t *guest_string(const char *text, size_t len)
{
	cleanup_free char *copy = strndup(text, len);
	json_t *string;

	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	string = json_string(copy);
	if (string)
		return string;
	for (char *c = copy; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return json_string(copy);
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

	json_t *info = json_pack(
	    "{s:s, s:i, s:o, s:o, s:I, s:I, s:i, s:i, s:b, s:s, s:s}", "name", config->name, "pid",
	    (int)getpid(), "image", guest_string(image, strlen(image)), "command",
	    string_array(config->argv), "started", (json_int_t)started, "memory",
	    (json_int_t)config->memory, "cpus", (int)config->cpus, "main", (int)job_pid(JOB_MAIN),
	    "network", (int)config->net.enabled, "syscall_mode", tier_name(), "syscall_mode_why",
	    tier_why());

	if (info && described)
		described(info);
	return connection_answer(conn, info);
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

/* The records of one reply. @from: set behind the last. Return: 0, or -1 when the client is gone */
static int records_send(struct connection *conn, const struct reply *reply, int32_t *from)
{
	json_t *batch = json_array();
	size_t at = 0, size = 0;
	int ret = 0;

	while (!ret && at + sizeof(struct vt_ps) <= reply->len) {
		struct vt_ps ps;
		const char *cmdline = (char *)reply->data + at + sizeof(ps);

		memcpy(&ps, (char *)reply->data + at, sizeof(ps));
		if (ps.cmdline_len > reply->len - at - sizeof(ps))
			break;
		/* A quotation mark or a backslash takes two bytes */
		size += PS_RECORD + 2 * (size_t)ps.cmdline_len;
		if (size > MESSAGE_MAX) {
			ret = processes_send(conn, batch, true);
			batch = json_array();
			size = PS_RECORD + 2 * (size_t)ps.cmdline_len;
		}
		json_array_append_new(batch, process_pack(&ps, cmdline));
		*from = ps.pid + 1;
		at += (sizeof(ps) + ps.cmdline_len + 7) & ~7UL;
	}
	if (!ret && json_array_size(batch))
		return processes_send(conn, batch, true);
	json_decref(batch);
	return ret;
}

static int ps_error(struct connection *conn, int64_t value)
{
	struct error err;

	if (value == -ETIMEDOUT)
		error_set(&err, 0, "the guest's kernel does not answer");
	else if (value == -ESHUTDOWN)
		error_set(&err, 0, "the sandbox is ending");
	else
		error_set(&err, (int)-value, "ps");
	return connection_error(conn, &err);
}

int control_ps(struct connection *conn, struct message *msg)
{
	struct vt_ps_from ask = { 1 };
	struct reply reply;
	int32_t before;
	int ret;

	do {
		before = ask.pid;
		connection_ask(conn, &(struct question){ QUESTION(VT_REQ_PS, &ask) }, &reply);
		if (reply.value < 0)
			return ps_error(conn, reply.value);
		ret = records_send(conn, &reply, &ask.pid);
		free(reply.data);
	} while (!ret && ask.pid > before);
	return ret ? ret : processes_send(conn, json_array(), false);
}

int control_logs(struct connection *conn, struct message *msg)
{
	enum logring which = msg->kernel ? LOGRING_KERNEL : LOGRING_MAIN;
	cleanup_free char *text = malloc(MESSAGE_PAYLOAD_MAX);
	uint64_t offset = msg->tail == INT64_MAX ? 0 : logring_tail(which, msg->tail);
	bool over = false;

	while (text) {
		size_t len;

		over = connections_stopping(); /* before what was written last is read */
		len = logring_read(which, &offset, text, MESSAGE_PAYLOAD_MAX);

		if (len && connection_send(conn, json_pack("{s:b}", "more", 1), text, len, NULL, 0))
			return -1;
		if (len)
			continue;
		if (!msg->follow || over)
			break;
		if (connection_gone(conn))
			return -1;
		logring_wait(which, offset, LOG_POLL);
	}
	return connection_answer(conn, json_pack("{s:b}", "more", 0));
}

int control_kill(struct connection *conn, struct message *msg)
{
	struct vt_signal ask = {
		.pid = msg->pid ? msg->pid : job_pid(JOB_MAIN),
		.signal = msg->signal ? msg->signal : SIGTERM, /* as kill(1) */
		.flags = !msg->pid && msg->signal == SIGTERM ? VT_SIGNAL_END : 0,
	};
	struct reply reply;
	struct error err;

	if (!msg->pid && !msg->signal) {
		jobs_shutdown(STATUS_KILLED);
		return connection_answer(conn, json_object());
	}
	connection_ask(conn, &(struct question){ QUESTION(VT_REQ_SIGNAL, &ask) }, &reply);
	free(reply.data);
	if (reply.value == -ETIMEDOUT) {
		error_set(&err, 0, "the guest's kernel does not answer");
		return connection_error(conn, &err);
	}
	if (reply.value < 0) {
		error_set(&err, -reply.value, "process %d", ask.pid);
		return connection_error(conn, &err);
	}
	return connection_answer(conn, json_object());
}
