// SPDX-License-Identifier: GPL-2.0-only
/* process.c - process.Process of E2B: commands in a sandbox, as streams of events
 *
 * A client that goes away leaves its command running; its time being over ends it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "e2b.h"
#include "lib/clock.h"
#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "vitrine/util.h"

#define KEEPALIVE_SECONDS 90
#define TIMEOUT_MAX_MS (7LL * 24 * 3600 * 1000)

static json_t *event(const char *kind, json_t *value)
{
	return json_pack("{s:{s:o}}", "event", kind, value);
}

static int send_end(struct request *request, int status)
{
	char text[32];

	snprintf(text, sizeof(text), "exit status %d", status);
	return connect_send(request, event("end", json_pack("{s:i, s:b, s:s}", "exitCode", status,
							    "exited", 1, "status", text)));
}

static int64_t header_number(const struct request *request, const char *name, int64_t fallback)
{
	const char *text = request_header(request, name);
	const int64_t number = text ? strtoll(text, NULL, 10) : 0;

	return number > 0 && number <= TIMEOUT_MAX_MS ? number : fallback;
}

/* From here to the command's end, or to that of the client's patience */
static void stream(struct request *request, struct process *p, struct reader *reader)
{
	static const char *const names[] = {
		[PIECE_STDOUT] = "stdout", [PIECE_STDERR] = "stderr", [PIECE_PTY] = "pty"
	};
	const int64_t timeout = header_number(request, "Connect-Timeout-Ms", TIMEOUT_MAX_MS);
	const int64_t ping =
	    header_number(request, "Keepalive-Ping-Interval", KEEPALIVE_SECONDS) * 1000;
	const uint64_t until = clock_now_ns() + (uint64_t)timeout * NS_PER_MS;
	struct piece *piece = malloc(sizeof(*piece));
	struct fault fault;
	int gone = piece ? 0 : -1;

	while (!gone) {
		const uint64_t now = clock_now_ns();
		const int64_t left = now < until ? (int64_t)((until - now) / NS_PER_MS) + 1 : 0;

		if (!left) {
			process_signal(p, SIGKILL, &fault);
			fault_set(&fault, FAULT_TIMEOUT, "the command took too long");
			connect_end(request, &fault);
			break;
		}
		if (log_read(reader, piece, (int)(left < ping ? left : ping)) == LOG_WAIT) {
			gone = connect_send(request, event("keepalive", json_object()));
			continue;
		}
		if (piece->kind == PIECE_EXIT) {
			if (!send_end(request, piece->status))
				connect_end(request, NULL);
			break;
		}
		if (piece->kind == PIECE_CUT) {
			fault_set(&fault, FAULT_SANDBOX_GONE, "the sandbox has ended");
			connect_end(request, &fault);
			break;
		}
		gone = connect_send(request,
				    event("data", json_pack("{s:o}", names[piece->kind],
							    base64(piece->data, piece->len))));
	}
	free(piece);
	if (gone)
		answer_end(request, true);
}

static void stream_from_start(struct request *request, struct process *p, struct reader *reader)
{
	if (connect_begin(request))
		return;
	if (connect_send(request, event("start", json_pack("{s:i}", "pid", p->pid))))
		answer_end(request, true);
	else
		stream(request, p, reader);
}

/* ---- Start ---- */

static json_t *environment(const json_t *map)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach((json_t *)map, name, value)
	{
		if (json_is_string(value) && !strchr(name, '='))
			json_array_append_new(
			    list, json_sprintf("%s=%s", name, json_string_value(value)));
	}
	return list;
}

static bool is_there(struct guest *guest, const char *path)
{
	char followed[GUEST_PATH_MAX];
	struct fault ignored;
	struct entry e;

	snprintf(followed, sizeof(followed), "%s", path);
	return !guest_follow(guest, followed, &e, &ignored);
}

/* The program and its arguments; an image without bash has another shell in its place */
static json_t *arguments(struct guest *guest, const json_t *config)
{
	const char *cmd = json_string_value(json_object_get(config, "cmd"));
	json_t *argv, *args = json_object_get(config, "args"), *arg;
	size_t i;

	if (cmd && !strcmp(cmd, "/bin/bash") && !is_there(guest, cmd))
		cmd = "/bin/sh";
	argv = cmd ? json_pack("[s]", cmd) : NULL;
	json_array_foreach(args, i, arg)
	{
		if (argv && json_is_string(arg))
			json_array_append(argv, arg);
	}
	return argv;
}

/* Where it starts: what was asked for has to be there; the template's directory or the user's home
 * if that is */
static int directory(struct guest *guest, const json_t *config, const char *user, const char *given,
		     char cwd[GUEST_PATH_MAX], struct fault *fault)
{
	const char *wanted = json_string_value(json_object_get(config, "cwd"));
	char home[256] = "/root", followed[GUEST_PATH_MAX];
	uint32_t uid, gid;
	struct entry e;

	if (wanted && *wanted) {
		if (guest_path(guest, wanted, user, cwd, fault))
			return -1;
		strcpy(followed, cwd);
		if (guest_follow(guest, followed, &e, fault) || !S_ISDIR(e.mode))
			return fault_set(fault, FAULT_BAD_REQUEST,
					 "cwd '%.300s' does not exist or is no directory", wanted);
		return 0;
	}
	if (given && *given && is_there(guest, given)) {
		snprintf(cwd, GUEST_PATH_MAX, "%s", given);
		return 0;
	}
	guest_user(guest, user ? user : "root", &uid, &gid, home, sizeof(home));
	snprintf(cwd, GUEST_PATH_MAX, "%s", is_there(guest, home) ? home : "/");
	return 0;
}

static struct process *start(struct request *request, struct envd *envd, const json_t *body,
			     struct reader *reader, struct fault *fault)
{
	const json_t *config = json_object_get(body, "process"),
		     *pty = json_object_get(body, "pty");
	const json_t *size = json_object_get(pty, "size"), *input = json_object_get(body, "stdin");
	struct guest guest cleanup_guest = { 0 };
	struct command command = {
		.tag = json_string_value(json_object_get(body, "tag")),
		.given = json_object_get(envd->sandbox.options, "env"),
		.input = !input || json_is_true(input),
		.tty = json_is_object(pty),
		.rows = (unsigned)json_integer_value(json_object_get(size, "rows")) & 0xffff,
		.columns = (unsigned)json_integer_value(json_object_get(size, "cols")) & 0xffff,
	};
	struct process *p = NULL;
	char cwd[GUEST_PATH_MAX];
	json_t *argv, *env;

	if (command.tag && strlen(command.tag) > PROCESS_TAG_MAX) {
		fault_set(fault, FAULT_BAD_REQUEST, "tag: too long");
		return NULL;
	}
	if (guest_open(request->service, envd->sandbox.id, &guest, fault))
		return NULL;
	command.user = envd_user(&guest, envd);
	if (directory(&guest, config, command.user,
		      json_string_value(json_object_get(envd->sandbox.options, "cwd")), cwd, fault))
		return NULL;
	command.cwd = cwd;
	command.argv = argv = arguments(&guest, config);
	command.env = env = environment(json_object_get(config, "envs"));
	if (argv)
		p = process_start(request->service, envd->sandbox.id, &command, reader, fault);
	else
		fault_set(fault, FAULT_BAD_REQUEST, "process.cmd: is missing");
	json_decref(argv);
	json_decref(env);
	return p;
}

/* In a stream errors come as its last message, too */
static void stream_fault(struct request *request, const struct fault *fault)
{
	if (!connect_begin(request))
		connect_end(request, fault);
}

void e2b_process_start(struct request *request)
{
	struct process *p;
	struct reader reader;
	struct fault fault;
	struct envd envd;
	json_t *body;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, true);
	if (body) {
		p = start(request, &envd, body, &reader, &fault);
		json_decref(body);
		if (p) {
			stream_from_start(request, p, &reader);
			log_close(&reader);
			process_release(p);
		} else {
			stream_fault(request, &fault);
		}
	}
	envd_end(request, &envd);
}

/* {"process": {"pid": N}} or {"process": {"tag": T}} */
static struct process *find(const struct envd *envd, const json_t *body, struct fault *fault)
{
	const json_t *selector = json_object_get(body, "process");

	return process_find(envd->sandbox.id,
			    (int)json_integer_value(json_object_get(selector, "pid")),
			    json_string_value(json_object_get(selector, "tag")), fault);
}

void e2b_process_connect(struct request *request)
{
	struct process *p;
	struct reader reader;
	struct fault fault;
	struct envd envd;
	json_t *body;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, true);
	if (body) {
		p = find(&envd, body, &fault);
		if (p) {
			log_open(p->log, &reader, false);
			stream_from_start(request, p, &reader);
			log_close(&reader);
			process_release(p);
		} else {
			stream_fault(request, &fault);
		}
		json_decref(body);
	}
	envd_end(request, &envd);
}

/* ---- unary calls about a process ---- */

typedef int process_call(struct process *process, const json_t *body, struct fault *fault);

static void unary(struct request *request, process_call *call)
{
	struct process *p;
	struct fault fault;
	struct envd envd;
	json_t *body;

	if (envd_begin(request, &envd, NULL, NULL))
		return;
	body = connect_body(request, false);
	if (body) {
		p = find(&envd, body, &fault);
		if (p && !call(p, body, &fault))
			answer_json(request, 200, json_object());
		else
			answer_fault(request, &fault);
		process_release(p);
		json_decref(body);
	}
	envd_end(request, &envd);
}

static int input(struct process *p, const json_t *body, struct fault *fault)
{
	const json_t *in = json_object_get(body, "input");
	const char *text = json_string_value(json_object_get(in, "stdin"))
			       ?: json_string_value(json_object_get(in, "pty"));
	const size_t len = text ? strlen(text) : 0;
	cleanup_free char *data = malloc(len + 4);
	ssize_t n = data && text ? base64_decode(text, len, data) : -1;

	if (n < 0)
		return fault_set(fault, FAULT_BAD_REQUEST, "input: stdin or pty, as base64");
	return process_input(p, data, (size_t)n, fault);
}

static int close_input(struct process *p, const json_t *body, struct fault *fault)
{
	return process_input_end(p, fault);
}

static int send_signal(struct process *p, const json_t *body, struct fault *fault)
{
	const json_t *signal = json_object_get(body, "signal");
	const char *name = json_string_value(signal);

	if (name && !strcmp(name, "SIGNAL_SIGKILL"))
		return process_signal(p, SIGKILL, fault);
	if (name && !strcmp(name, "SIGNAL_SIGTERM"))
		return process_signal(p, SIGTERM, fault);
	return fault_set(fault, FAULT_BAD_REQUEST, "signal: SIGNAL_SIGKILL or SIGNAL_SIGTERM");
}

static int update(struct process *p, const json_t *body, struct fault *fault)
{
	const json_t *size = json_object_get(json_object_get(body, "pty"), "size");

	if (!p->tty || !size)
		return fault_set(fault, FAULT_BAD_REQUEST,
				 "pty.size: of a process with a terminal");
	return process_resize(
	    p, (unsigned)json_integer_value(json_object_get(size, "rows")) & 0xffff,
	    (unsigned)json_integer_value(json_object_get(size, "cols")) & 0xffff, fault);
}

void e2b_process_input(struct request *request)
{
	unary(request, input);
}

void e2b_process_close(struct request *request)
{
	unary(request, close_input);
}

void e2b_process_signal(struct request *request)
{
	unary(request, send_signal);
}

void e2b_process_update(struct request *request)
{
	unary(request, update);
}

void e2b_process_list(struct request *request)
{
	json_t *list = json_array(), *all, *one;
	struct envd envd;
	size_t i;

	if (envd_begin(request, &envd, NULL, NULL)) {
		json_decref(list);
		return;
	}
	all = process_list(envd.sandbox.id, false);
	json_array_foreach(all, i, one)
	{
		json_t *args = json_deep_copy(json_object_get(one, "argv"));
		json_t *config = json_pack("{s:O, s:{}, s:O*}", "cmd", json_array_get(args, 0),
					   "envs", "cwd", json_object_get(one, "cwd"));

		json_array_remove(args, 0);
		json_object_set_new(config, "args", args);
		json_array_append_new(list, json_pack("{s:o, s:O, s:O*}", "config", config, "pid",
						      json_object_get(one, "pid"), "tag",
						      json_object_get(one, "tag")));
	}
	json_decref(all);
	answer_json(request, 200, json_pack("{s:o}", "processes", list));
	envd_end(request, &envd);
}
