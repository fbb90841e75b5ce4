// SPDX-License-Identifier: GPL-2.0-only
/* views.c - what the guest's kernel is asked: views, wishes, and following a call
 *
 * Theory of operation
 * Handlers (on the HTTP thread) make a question and give it to asks.c; api_ask() (on the worker's
 * thread) puts it to the kernel and makes the answer that all who asked get. A view is the
 * kernel's text: it is parsed before it goes on, so that what leaves here is JSON whatever the
 * guest did to its kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "observe/text/guest_text.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define PID_MAX 4194304

static struct ask_answer answer_json(unsigned status, json_t *json)
{
	char *text = guest_dumps(json, HTTP_JSON);
	size_t len = text ? strlen(text) : 0;

	json_decref(json);
	return (struct ask_answer){ status, http_response(TYPE_JSON, text, len) };
}

static struct ask_answer answer_error(unsigned status, const char *why)
{
	json_t *text = json_string(why);

	return answer_json(status,
			   json_pack("{s:o, s:i}", "error", text ? text : json_string("failed"),
				     "status", (int)status));
}

static unsigned error_status(const struct error *err)
{
	switch (err->code) {
	case ESRCH:
	case ENOENT:
		return MHD_HTTP_NOT_FOUND;
	case EINVAL:
	case ENAMETOOLONG:
		return MHD_HTTP_BAD_REQUEST;
	default:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
}

/* The counters that belong to a view */
static json_t *counters_of(struct server *server, const struct question *question)
{
	json_t *task;

	switch (question->view) {
	case VT_VIEW_SCHEDULER:
		return json_scheduler(server);
	case VT_VIEW_MEMORY:
		return json_memory(server);
	case VT_VIEW_BLOCK:
		return json_block(server);
	case VT_VIEW_TASK:
		task = json_task(server, question->pid);
		return task ? task : json_null();
	default:
		return json_null();
	}
}

/* What is waited for, as openapi.yaml's Follow has it */
static json_t *armed_json(int64_t call, uint64_t pid, uint64_t min_ns)
{
	const bool named = call >= 0 && call < VT_TELEMETRY_CALLS;
	char text[32];

	return json_pack("{s:s?, s:o, s:o}", "call", named ? call_label((int)call, text) : NULL,
			 "pid", pid ? json_count(pid) : json_null(), "min_ns", json_count(min_ns));
}

/* The same from the kernel's view, where another observer's wish is to be seen as well */
static json_t *armed_now(const json_t *view)
{
	const char *state = json_string_value(json_object_get(view, "state"));
	const json_t *request = json_object_get(view, "request");

	if (!state || (strcmp(state, "armed") && strcmp(state, "following")))
		return json_null();
	return armed_json(json_integer_value(json_object_get(request, "number")),
			  json_integer_value(json_object_get(request, "pid")),
			  json_integer_value(json_object_get(request, "least_ns")));
}

static json_t *envelope(struct server *server, const struct question *question, json_t *view)
{
	if (question->view == VT_VIEW_FOLLOW)
		return json_pack("{s:o, s:s, s:o, s:o}", "time_ms", server_time(server), "state",
				 server_state_name(server), "armed", armed_now(view), "view", view);
	return json_pack("{s:o, s:s, s:o, s:o}", "time_ms", server_time(server), "state",
			 server_state_name(server), "counters", counters_of(server, question),
			 "view", view);
}

static struct ask_answer ask_view(struct server *server, const struct question *question)
{
	const char *path = question->path[0] ? question->path : NULL;
	cleanup_free char *text = NULL;
	struct error err = { 0 };
	json_t *view;
	size_t len;

	text = observer_view(server->observer, question->view, question->pid, 0, path, &len, &err);
	if (!text && question->view == VT_VIEW_FOLLOW && error_status(&err) == MHD_HTTP_NOT_FOUND)
		return answer_json(MHD_HTTP_OK, envelope(server, question, json_null()));
	if (!text)
		return answer_error(error_status(&err), err.text);
	view = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(view)) {
		json_decref(view);
		return answer_error(MHD_HTTP_SERVICE_UNAVAILABLE,
				    "the guest's kernel answers with something that is no JSON");
	}
	return answer_json(MHD_HTTP_OK, envelope(server, question, view));
}

/* Kinds that are always recorded: they are rare, and what everybody wants to have seen */
#define LIFE_KINDS                                                                                 \
	(1ULL << VT_EVENT_FORK | 1ULL << VT_EVENT_EXEC | 1ULL << VT_EVENT_EXIT |                   \
	 1ULL << VT_EVENT_SIGNAL | 1ULL << VT_EVENT_OOM | 1ULL << VT_EVENT_OOPS |                  \
	 1ULL << VT_EVENT_FOLLOWED)

int api_wish(struct server *server, struct error *err)
{
	struct observe_wishes wishes = { .counters = true };
	uint64_t calls[VT_TELEMETRY_CALLS / 64], readers;

	pthread_mutex_lock(&server->lock);
	pthread_mutex_lock(&server->stream.lock);
	readers = events_kinds(&server->stream);
	pthread_mutex_unlock(&server->stream.lock);
	memcpy(calls, server->wishes.calls, sizeof(calls));
	wishes.sampler = server->state == SERVER_RUNNING;
	wishes.events = server->state == SERVER_RUNNING && server->wishes.tracing;
	wishes.kinds = wishes.events ? LIFE_KINDS | readers : 0;
	wishes.calls = server->wishes.by_call ? calls : NULL;
	wishes.capture = (int)server->wishes.capture;
	wishes.paths = server->wishes.paths;
	wishes.interval_ms = server->wishes.interval_ms;
	pthread_mutex_unlock(&server->lock);
	if (observer_wish(server->observer, &wishes, err) < 0)
		return -1;
	pthread_mutex_lock(&server->lock);
	server->kinds = wishes.kinds;
	server->announce = true;
	pthread_mutex_unlock(&server->lock);
	return 0;
}

static struct ask_answer ask_observe(struct server *server)
{
	struct error err = { 0 };

	if (api_wish(server, &err) < 0)
		return answer_error(MHD_HTTP_SERVICE_UNAVAILABLE, err.text);
	return answer_json(MHD_HTTP_OK, json_pack("{s:s, s:o}", "state", server_state_name(server),
						  "observation", json_observation(server)));
}

static struct ask_answer ask_follow(struct server *server, const struct question *question)
{
	struct error err = { 0 };

	if (observer_follow(server->observer, question->call, question->pid, question->min_ns,
			    &err) < 0)
		return answer_error(error_status(&err), err.text);
	return answer_json(MHD_HTTP_ACCEPTED,
			   json_pack("{s:o, s:s, s:o, s:n}", "time_ms", server_time(server),
				     "state", server_state_name(server), "armed",
				     armed_json(question->call, question->pid, question->min_ns),
				     "view"));
}

struct ask_answer api_ask(void *context, const struct question *question)
{
	struct server *server = context;

	switch (question->kind) {
	case ASK_VIEW:
		return ask_view(server, question);
	case ASK_OBSERVE:
		return ask_observe(server);
	case ASK_FOLLOW:
		return ask_follow(server, question);
	}
	return answer_error(MHD_HTTP_SERVICE_UNAVAILABLE, "no such question");
}

static enum MHD_Result view_get(struct request *request, enum vt_view view, uint64_t pid,
				const char *path)
{
	struct question question;

	memset(&question, 0, sizeof(question));
	question.kind = ASK_VIEW;
	question.view = view;
	question.pid = (uint32_t)pid;
	if (path && strlen(path) > ASK_PATH_MAX)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "path: too long");
	if (path)
		strcpy(question.path, path);
	return asks_answer(&request->server->asks, request, &question);
}

enum MHD_Result api_view(struct request *request)
{
	return view_get(request, request->route->view, 0, NULL);
}

enum MHD_Result api_page_cache(struct request *request)
{
	return view_get(request, request->route->view, 0, http_query(request, "path"));
}

enum MHD_Result api_files(struct request *request)
{
	struct error err = { 0 };
	uint64_t pid;

	if (http_query_number(request, "pid", 1, PID_MAX, 0, &pid, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	return view_get(request, VT_VIEW_FILES, pid, NULL);
}

enum MHD_Result api_task(struct request *request)
{
	const char *text = request->rest;
	unsigned long pid = 0;

	if (strlen(text) < 8 && strspn(text, "0123456789") == strlen(text))
		pid = strtoul(text, NULL, 10);
	if (!pid || pid > PID_MAX)
		return http_error(request, MHD_HTTP_NOT_FOUND, "that is no process id");
	return view_get(request, VT_VIEW_TASK, pid, NULL);
}
