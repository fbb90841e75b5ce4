// SPDX-License-Identifier: GPL-2.0-only
/* control.c - pause, resume, rate and tracing, and the call to follow
 *
 * A POST changes what is wished for at once, and is answered when the kernel knows. A deferred
 * request's handler runs twice: the change is made the first time only.
 */
#include <string.h>

#include "observe/api/api.h"
#include "observe/api/orders.h"
#include "observe/events/event_json.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

/* Kinds for a reader who names none: the others come by the thousand and say little alone */
#define STANDARD_KINDS                                                                             \
	(~(1ULL << VT_EVENT_PAD | 1ULL << VT_EVENT_SWITCH | 1ULL << VT_EVENT_WAKEUP |              \
	   1ULL << VT_EVENT_FAULT | 1ULL << VT_EVENT_SOFTIRQ | 1ULL << VT_EVENT_PAGE_CACHE |       \
	   1ULL << VT_EVENT_PACKET) &                                                              \
	 ((1ULL << VT_NR_EVENT_KINDS) - 1))

json_t *json_observation(struct server *server)
{
	json_t *kinds = json_array(), *calls = json_null(), *observation;
	struct region_head head;
	unsigned readers;
	uint64_t dropped;
	char text[32];

	region_head(server->region, &head);
	pthread_mutex_lock(&server->lock);
	pthread_mutex_lock(&server->stream.lock);
	readers = server->stream.readers;
	dropped = server->stream.dropped;
	pthread_mutex_unlock(&server->stream.lock);
	for (unsigned i = VT_EVENT_PAD + 1; i < VT_NR_EVENT_KINDS; i++) {
		if (server->kinds >> i & 1)
			json_array_append_new(kinds, json_string(name_of(NAMES_EVENT, i)));
	}
	if (server->wishes.by_call)
		calls = json_array();
	for (int nr = 0; server->wishes.by_call && nr < VT_TELEMETRY_CALLS; nr++) {
		if (server->wishes.calls[nr / 64] >> (nr % 64) & 1)
			json_array_append_new(calls, json_string(call_label(nr, text)));
	}
	observation =
	    json_pack("{s:b, s:b, s:b, s:o, s:o, s:i, s:b, s:i, s:o, s:b, s:i, s:o}", "counters",
		      true, "events", server->state == SERVER_RUNNING && server->wishes.tracing,
		      "sampler", server->state == SERVER_RUNNING, "kinds", kinds, "calls", calls,
		      "capture", (int)server->wishes.capture, "paths", server->wishes.paths,
		      "interval_ms", (int)server->wishes.interval_ms, "since_ms",
		      time_ms(head.enabled_ns, server->realtime_ns), "from_boot",
		      head.enabled_ns && head.enabled_ns <= head.boot_ns, "readers", (int)readers,
		      "readers_dropped", json_count(dropped));
	pthread_mutex_unlock(&server->lock);
	return observation;
}

static void change(struct server *server, const struct control *control)
{
	struct wishes *wishes = &server->wishes;

	pthread_mutex_lock(&server->lock);
	if (control->action == CONTROL_PAUSE && server->state == SERVER_RUNNING)
		server->state = SERVER_PAUSED;
	if (control->action == CONTROL_RESUME && server->state == SERVER_PAUSED)
		server->state = SERVER_RUNNING;
	if (control->action == CONTROL_RATE)
		wishes->interval_ms = control->interval_ms;
	if (control->action == CONTROL_TRACING) {
		wishes->tracing = control->enabled;
		wishes->kinds = control->has_kinds ? control->kinds : STANDARD_KINDS;
		wishes->by_call = control->has_calls;
		memcpy(wishes->calls, control->calls, sizeof(wishes->calls));
		if (control->has_capture)
			wishes->capture = control->capture;
		if (control->has_paths)
			wishes->paths = control->paths;
	}
	pthread_mutex_lock(&server->stream.lock);
	server->stream.standard = wishes->kinds;
	pthread_mutex_unlock(&server->stream.lock);
	server->announce = true;
	pthread_mutex_unlock(&server->lock);
}

void control_defaults(struct server *server)
{
	const struct control control = { .action = CONTROL_TRACING,
					 .enabled = true,
					 .has_capture = true,
					 .capture = VT_CAPTURE_DEFAULT,
					 .has_paths = true,
					 .paths = true };

	server->wishes.interval_ms = SERVER_INTERVAL_MS;
	change(server, &control);
}

enum MHD_Result api_control(struct request *request)
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
	change(server, &control);
	question.kind = ASK_OBSERVE;
	question.serial = asks_serial(&server->asks);
	return asks_answer(&server->asks, request, &question);
}

enum MHD_Result api_follow_arm(struct request *request)
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
