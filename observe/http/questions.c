// SPDX-License-Identifier: GPL-2.0-only
/* questions.c - what the guest's kernel is asked: views, wishes, and following a call
 *
 * Theory of operation
 * Handlers (on the HTTP thread) make a question and give it to asks.c; server_ask() (on the
 * worker's thread) puts it to the session and makes the answer that all who asked get.
 *
 * A POST changes what is wished for at once, and is answered when the kernel knows. A deferred
 * request's handler runs twice: the change is made the first time only.
 */
#include <errno.h>
#include <string.h>

#include "answers.h"
#include "observe/api/api.h"
#include "observe/api/ask.h"
#include "observe/text/guest_text.h"
#include "server.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#define PID_MAX 4194304

static struct ask_answer answer_json(unsigned status, json_t *json)
{
	char *text = guest_dumps(json, API_JSON);
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
	case EPIPE:
		return MHD_HTTP_GONE;
	default:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
}

struct ask_answer server_ask(void *context, const struct question *question)
{
	struct server *server = context;
	struct error err = { 0 };
	json_t *answer = ask_kernel(&server->session, question, &err);

	if (!answer)
		return answer_error(error_status(&err), err.text);
	return answer_json(question->kind == ASK_FOLLOW ? MHD_HTTP_ACCEPTED : MHD_HTTP_OK, answer);
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

enum MHD_Result answer_view(struct request *request)
{
	return view_get(request, request->route->view, 0, NULL);
}

enum MHD_Result answer_page_cache(struct request *request)
{
	return view_get(request, request->route->view, 0, http_query(request, "path"));
}

enum MHD_Result answer_files(struct request *request)
{
	struct error err = { 0 };
	uint64_t pid;

	if (http_query_number(request, "pid", 1, PID_MAX, 0, &pid, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	return view_get(request, VT_VIEW_FILES, pid, NULL);
}

enum MHD_Result answer_host(struct request *request)
{
	struct question question;

	memset(&question, 0, sizeof(question));
	question.kind = ASK_HOST;
	return asks_answer(&request->server->asks, request, &question);
}

enum MHD_Result answer_task(struct request *request)
{
	const char *text = request->rest;
	unsigned long pid = 0;

	if (strlen(text) < 8 && strspn(text, "0123456789") == strlen(text))
		pid = strtoul(text, NULL, 10);
	if (!pid || pid > PID_MAX)
		return http_error(request, MHD_HTTP_NOT_FOUND, "that is no process id");
	return view_get(request, VT_VIEW_TASK, pid, NULL);
}

/* The moment of a recording that a client's clock means */
static uint64_t moment_of(const struct session *session, double time_ms)
{
	const int64_t ns = (int64_t)(time_ms * 1e6) - session->realtime_ns;

	return ns > 0 ? (uint64_t)ns : 0;
}

enum MHD_Result answer_control(struct request *request)
{
	struct server *server = request->server;
	struct question question;
	struct control control;
	struct error err = { 0 };

	memset(&question, 0, sizeof(question));
	if (request->pending)
		return asks_answer(&server->asks, request, &question);
	if (control_parse(request->body ? request->body : "", request->body_len, &control, &err) <
	    0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	session_order(&server->session, &control);
	question.kind = control.action == CONTROL_SEEK ? ASK_SEEK : ASK_OBSERVE;
	question.serial = asks_serial(&server->asks);
	if (control.action == CONTROL_SEEK)
		question.time_ns = moment_of(&server->session, control.time_ms);
	return asks_answer(&server->asks, request, &question);
}

enum MHD_Result answer_follow(struct request *request)
{
	struct server *server = request->server;
	struct follow_request follow;
	struct question question;
	struct error err = { 0 };

	memset(&question, 0, sizeof(question));
	if (request->pending)
		return asks_answer(&server->asks, request, &question);
	if (follow_parse(request->body ? request->body : "", request->body_len, &follow, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	question.kind = ASK_FOLLOW;
	question.serial = asks_serial(&server->asks);
	question.call = follow.call;
	question.pid = follow.pid;
	question.min_ns = follow.min_ns;
	return asks_answer(&server->asks, request, &question);
}
