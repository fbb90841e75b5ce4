// SPDX-License-Identifier: GPL-2.0-only
/* exec.c - POST .../exec, GET .../processes */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "handlers.h"
#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "service/service.h"
#include "use.h"
#include "vitrine/util.h"

#define TIMEOUT_MAX (24 * 3600)
#define TIMEOUT 30
#define ARGUMENTS_MAX 1024

/**
 * struct asked - a body, taken apart
 * @argv, @env: owned
 */
struct asked {
	struct command command;
	json_t *argv, *env;
	int64_t timeout_sec;
	bool background;
};

static int take(const json_t *body, struct asked *a, struct fault *fault)
{
	const json_t *args = NULL, *envs = NULL;
	const char *cmd = NULL;
	const struct field fields[] = {
		{ "cmd", FIELD_TEXT, 0, 0, &cmd, true },
		{ "args", FIELD_TEXTS, 0, ARGUMENTS_MAX, &args, false },
		{ "envs", FIELD_MAP, 0, 256, &envs, false },
		{ "cwd", FIELD_TEXT, 0, 4095, &a->command.cwd, false },
		{ "user", FIELD_TEXT, 0, 128, &a->command.user, false },
		{ "tag", FIELD_TEXT, 0, PROCESS_TAG_MAX, &a->command.tag, false },
		{ "timeout_sec", FIELD_NUMBER, 1, TIMEOUT_MAX, &a->timeout_sec, false },
		{ "background", FIELD_BOOL, 0, 0, &a->background, false },
	};

	a->timeout_sec = TIMEOUT;
	if (fields_take(body, fields, ARRAY_SIZE(fields), fault))
		return -1;
	a->command.argv = a->argv = fields_arguments(cmd, args);
	a->command.env = a->env = fields_environment(envs);
	return 0;
}

static int run(struct request *request, const struct sandbox *s, const struct asked *a,
	       struct fault *fault)
{
	const int64_t began = now_ms();
	struct collected c = { 0 };
	struct reader reader;
	struct command command = a->command;
	struct process *p;
	const char *encoding;
	json_t *out, *err;
	int ret = 0;

	command.given = json_object_get(s->options, "env");
	p = process_start(request->service, s->id, &command, &reader, fault);
	if (!p)
		return -1;
	if (a->background) {
		answer_json(request, 200, json_pack("{s:i}", "pid", p->pid));
	} else {
		ret = collect(p, &reader, a->timeout_sec * 1000, &c, fault);
		if (!ret) {
			text_or_base64(&c, &out, &err, &encoding);
			answer_json(request, 200,
				    json_pack("{s:o, s:o, s:i, s:I, s:s, s:b}", "stdout", out,
					      "stderr", err, "exit_code", c.status, "duration_ms",
					      (json_int_t)(now_ms() - began), "encoding", encoding,
					      "truncated", (int)c.cut));
		}
	}
	collected_free(&c);
	log_close(&reader);
	if (!a->background)
		process_forget(p);
	process_release(p);
	return ret;
}

void api_exec(struct request *request)
{
	struct asked a = { 0 };
	struct fault fault;
	struct sandbox s;
	json_t *body = request_json(request, &fault);
	int ret = body ? take(body, &a, &fault) : -1;

	if (!ret)
		ret = use_begin(request, &s, &fault);
	if (!ret) {
		ret = run(request, &s, &a, &fault);
		audit(request->service, s.owner, request->caller.key, "sandbox.exec", s.id,
		      ret ? fault_kinds[fault.code].code : "ok");
		use_end(request, &s);
	}
	if (ret)
		answer_fault(request, &fault);
	json_decref(a.argv);
	json_decref(a.env);
	json_decref(body);
}

void api_processes(struct request *request)
{
	struct fault fault;
	struct sandbox s;

	if (use_begin(request, &s, &fault)) {
		answer_fault(request, &fault);
		return;
	}
	answer_json(request, 200,
		    json_pack("{s:o}", "processes",
			      process_list(s.id, request_query(request, "ended") != NULL)));
	use_end(request, &s);
}

void api_process_signal(struct request *request)
{
	int64_t number = SIGTERM;
	const struct field fields[] = { { "signal", FIELD_NUMBER, 1, 64, &number, false } };
	struct process *p = NULL;
	struct fault fault;
	struct sandbox s;
	json_t *body = request_json(request, &fault);
	int ret = body ? fields_take(body, fields, ARRAY_SIZE(fields), &fault) : -1;

	json_decref(body);
	if (!ret && !(ret = use_begin(request, &s, &fault))) {
		p = process_find(s.id, atoi(request->params[1]), NULL, &fault);
		ret = p ? process_signal(p, (int)number, &fault) : -1;
		process_release(p);
		use_end(request, &s);
	}
	if (ret)
		answer_fault(request, &fault);
	else
		answer_empty(request, 204);
}
