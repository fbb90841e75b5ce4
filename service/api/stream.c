// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - WebSockets .../exec/stream and .../pty: a command, as it runs
 *
 * Theory of operation
 * The client says {"type": "start", ...} or {"type": "attach", "pid" or "tag"} (of a pty the query
 * says it), then stdin, signal, resize. The request's thread writes what the command has written;
 * another one reads what the client says. Output waits for the client, since its log does (log.h),
 * and a client's input waits for the command, since it is not read on meanwhile.
 *
 * A client that goes away leaves its command running, unless it started it with "kill_on_close".
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "handlers.h"
#include "service/http/server.h"
#include "service/http/ws.h"
#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "use.h"
#include "vitrine/util.h"

#define READER_STACK (256 * 1024)
#define LOOK_MS 1000

/**
 * struct session - a WebSocket and its command
 * @raw: of a pty: binary messages are its bytes
 */
struct session {
	struct request *request;
	struct sandbox sandbox;
	struct ws *ws;
	struct process *process;
	struct reader reader;
	bool raw, kills;
};

static int say(struct session *s, json_t *json)
{
	cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return text ? ws_send(s->ws, WS_TEXT, text, strlen(text)) : -1;
}

static void say_fault(struct session *s, const struct fault *fault)
{
	say(s, json_pack("{s:s, s:{s:s, s:s}}", "type", "error", "error", "code",
			 fault_kinds[fault->code].code, "message", fault->text));
}

static int start(struct session *s, const json_t *message, struct fault *fault)
{
	struct command command = { .input = true,
				   .given = json_object_get(s->sandbox.options, "env") };
	const json_t *args = NULL, *envs = NULL;
	const char *cmd = NULL, *type = NULL;
	int64_t rows = 24, columns = 80;
	const struct field fields[] = {
		{ "type", FIELD_TEXT, 0, 16, &type, true },
		{ "cmd", FIELD_TEXT, 0, 0, &cmd, true },
		{ "args", FIELD_TEXTS, 0, 1024, &args, false },
		{ "envs", FIELD_MAP, 0, 256, &envs, false },
		{ "cwd", FIELD_TEXT, 0, 4095, &command.cwd, false },
		{ "user", FIELD_TEXT, 0, 128, &command.user, false },
		{ "tag", FIELD_TEXT, 0, PROCESS_TAG_MAX, &command.tag, false },
		{ "tty", FIELD_BOOL, 0, 0, &command.tty, false },
		{ "rows", FIELD_NUMBER, 1, 65535, &rows, false },
		{ "columns", FIELD_NUMBER, 1, 65535, &columns, false },
		{ "kill_on_close", FIELD_BOOL, 0, 0, &s->kills, false },
	};
	json_t *argv, *env;

	if (fields_take(message, fields, ARRAY_SIZE(fields), fault))
		return -1;
	command.argv = argv = fields_arguments(cmd, args);
	command.env = env = fields_environment(envs);
	command.rows = (unsigned)rows;
	command.columns = (unsigned)columns;
	s->process = process_start(s->request->service, s->sandbox.id, &command, &s->reader, fault);
	json_decref(argv);
	json_decref(env);
	return s->process ? 0 : -1;
}

static int attach(struct session *s, const json_t *message, struct fault *fault)
{
	s->process =
	    process_find(s->sandbox.id, (int)json_integer_value(json_object_get(message, "pid")),
			 json_string_value(json_object_get(message, "tag")), fault);
	if (!s->process)
		return -1;
	log_open(s->process->log, &s->reader, json_is_true(json_object_get(message, "past")));
	return 0;
}

static int input(struct session *s, const json_t *message, struct fault *fault)
{
	const char *text = json_string_value(json_object_get(message, "data"));
	const char *coded = json_string_value(json_object_get(message, "data_base64"));
	cleanup_free char *data = coded ? malloc(strlen(coded) + 4) : NULL;
	ssize_t n;

	if (text)
		return process_input(s->process, text, strlen(text), fault);
	n = data ? base64_decode(coded, strlen(coded), data) : -1;
	if (n < 0)
		return fault_set(fault, FAULT_BAD_REQUEST, "stdin: data or data_base64");
	return process_input(s->process, data, (size_t)n, fault);
}

static int obey(struct session *s, const json_t *message, struct fault *fault)
{
	const char *type = json_string_value(json_object_get(message, "type")) ?: "";
	const json_int_t number = json_integer_value(json_object_get(message, "signal"));
	const json_int_t rows = json_integer_value(json_object_get(message, "rows"));
	const json_int_t columns = json_integer_value(json_object_get(message, "columns"));

	if (!strcmp(type, "stdin"))
		return input(s, message, fault);
	if (!strcmp(type, "stdin_end"))
		return process_input_end(s->process, fault);
	if (!strcmp(type, "signal") && number >= 1 && number <= 64)
		return process_signal(s->process, (int)number, fault);
	if (!strcmp(type, "resize") && rows > 0 && rows < 65536 && columns > 0 && columns < 65536)
		return process_resize(s->process, (unsigned)rows, (unsigned)columns, fault);
	return fault_set(fault, FAULT_BAD_REQUEST,
			 "type: stdin, stdin_end, signal (1 to 64) or resize (rows, columns)");
}

/* What the client says, on a thread of its own */
static void *listen_to(void *context)
{
	struct session *s = context;
	enum ws_kind kind;
	const char *data;
	ssize_t len;

	while ((len = ws_receive(s->ws, &kind, &data)) >= 0) {
		struct fault fault;
		json_t *message;
		int ret;

		if (kind == WS_BINARY) {
			ret = process_input(s->process, data, (size_t)len, &fault);
		} else {
			message = json_loadb(data, (size_t)len, 0, NULL);
			ret = json_is_object(message)
				  ? obey(s, message, &fault)
				  : fault_set(&fault, FAULT_BAD_REQUEST, "no JSON object");
			json_decref(message);
		}
		if (ret)
			say_fault(s, &fault);
	}
	return NULL;
}

static int tell(struct session *s, const struct piece *piece)
{
	json_t *text;

	if (s->raw)
		return ws_send(s->ws, WS_BINARY, piece->data, piece->len);
	text = memchr(piece->data, '\0', piece->len) ? NULL : json_stringn(piece->data, piece->len);
	return say(s, json_pack("{s:s, s:o, s:s}", "type",
				piece->kind == PIECE_STDERR ? "stderr" : "stdout", "data",
				text ?: base64(piece->data, piece->len), "encoding",
				text ? "utf-8" : "base64"));
}

/* Until the command has ended, or nobody listens any more */
static void pump(struct session *s)
{
	struct piece *piece = malloc(sizeof(*piece));
	struct fault fault;

	while (piece && !server_stopping()) {
		if (log_read(&s->reader, piece, LOOK_MS) == LOG_WAIT) {
			if (ws_over(s->ws))
				break;
			continue;
		}
		if (piece->kind == PIECE_EXIT) {
			say(s, json_pack("{s:s, s:i}", "type", "exit", "exit_code", piece->status));
			break;
		}
		if (piece->kind == PIECE_CUT) {
			fault_set(&fault, FAULT_SANDBOX_GONE,
				  "the sandbox has ended, or was paused");
			say_fault(s, &fault);
			break;
		}
		if (tell(s, piece))
			break;
	}
	free(piece);
}

static void talk(struct session *s)
{
	struct fault ignored;
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, READER_STACK);
	if (!say(s, json_pack("{s:s, s:i}", "type", "start", "pid", s->process->pid))) {
		ret = pthread_create(&thread, &attr, listen_to, s);
		if (!ret) {
			pump(s);
			ws_end(s->ws, 1000);
			pthread_join(thread, NULL);
		}
	}
	pthread_attr_destroy(&attr);
	if (s->kills)
		process_signal(s->process, SIGKILL, &ignored);
}

/* The first message says what to run. Return: 0, or -1 with @fault, or 1 when there was none */
static int begin(struct session *s, struct fault *fault)
{
	const char *data, *type;
	enum ws_kind kind;
	ssize_t len = ws_receive(s->ws, &kind, &data);
	json_t *message;
	int ret;

	if (len < 0)
		return 1;
	message = json_loadb(data, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
	type = json_string_value(json_object_get(message, "type")) ?: "";
	if (!strcmp(type, "start"))
		ret = start(s, message, fault);
	else if (!strcmp(type, "attach"))
		ret = attach(s, message, fault);
	else
		ret = fault_set(fault, FAULT_BAD_REQUEST, "the first message is start or attach");
	json_decref(message);
	return ret;
}

/* Of a pty: a shell, or what cmd says */
static int begin_pty(struct session *s, struct fault *fault)
{
	const char *cmd = request_query(s->request, "cmd"), *rows, *columns;
	json_t *message = json_pack("{s:s, s:s, s:b}", "type", "start", "cmd",
				    cmd ? cmd : "exec ${SHELL:-/bin/sh} -i", "tty", 1);
	int ret;

	rows = request_query(s->request, "rows");
	columns = request_query(s->request, "columns");
	if (rows)
		json_object_set_new(message, "rows", json_integer(atoi(rows)));
	if (columns)
		json_object_set_new(message, "columns", json_integer(atoi(columns)));
	if (request_query(s->request, "kill_on_close"))
		json_object_set_new(message, "kill_on_close", json_true());
	ret = start(s, message, fault);
	json_decref(message);
	return ret;
}

static void serve(struct request *request, bool raw)
{
	struct session s = { .request = request, .raw = raw };
	struct fault fault;
	int ret;

	if (use_begin(request, &s.sandbox, &fault)) {
		answer_fault(request, &fault);
		return;
	}
	s.ws = ws_accept(request, &fault);
	if (!s.ws) {
		answer_fault(request, &fault);
		use_end(request, &s.sandbox);
		return;
	}
	ret = raw ? begin_pty(&s, &fault) : begin(&s, &fault);
	audit(request->service, s.sandbox.owner, request->caller.key,
	      raw ? "sandbox.pty" : "sandbox.exec", s.sandbox.id, ret ? "failed" : "ok");
	if (!ret) {
		talk(&s);
		log_close(&s.reader);
		process_release(s.process);
	} else if (ret < 0) {
		say_fault(&s, &fault);
		ws_end(s.ws, 1000);
	}
	ws_close(s.ws);
	use_end(request, &s.sandbox);
}

void api_exec_stream(struct request *request)
{
	serve(request, false);
}

void api_pty(struct request *request)
{
	serve(request, true);
}
