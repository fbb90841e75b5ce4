// SPDX-License-Identifier: GPL-2.0-only
/* answers.c - what the server answers from what it has: counters, history, events */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "observe/api/api.h"
#include "observe/events/filter.h"
#include "observe/text/guest_text.h"
#include "server.h"
#include "vitrine/util.h"

#define TYPE_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static const char *const resolution_name[] = {
	[RESOLUTION_ALL] = "all",
	[RESOLUTION_FINE] = "fine",
	[RESOLUTION_COARSE] = "coarse",
};
static_assert(ARRAY_SIZE(resolution_name) == RESOLUTION_COUNT, "resolution_name[]");

/* At most ten times a second, unless something was changed meanwhile */
static enum MHD_Result cached(struct request *request, enum cached which, const char *type,
			      char *(*make)(struct session *session, size_t *len))
{
	struct server *server = request->server;
	const uint64_t now = clock_now_ns(), moment = asks_changes(&server->asks);
	size_t len = 0;
	char *text;

	if (!server->cache[which].response || server->cache[which].moment != moment ||
	    server->cache[which].made_ns + ASKS_FRESH_NS <= now) {
		if (server->cache[which].response)
			MHD_destroy_response(server->cache[which].response);
		text = make(&server->session, &len);
		server->cache[which].response = http_response(type, text, len);
		server->cache[which].made_ns = now;
		server->cache[which].moment = moment;
	}
	if (!server->cache[which].response)
		return MHD_NO;
	return MHD_queue_response(request->connection, MHD_HTTP_OK, server->cache[which].response);
}

/* @json is consumed */
static char *dump(json_t *json, size_t *len)
{
	char *text = guest_dumps(json, API_JSON);

	json_decref(json);
	*len = text ? strlen(text) : 0;
	return text;
}

static char *snapshot_make(struct session *session, size_t *len)
{
	return dump(json_snapshot(session), len);
}

enum MHD_Result answer_snapshot(struct request *request)
{
	return cached(request, CACHED_SNAPSHOT, TYPE_JSON, snapshot_make);
}

static char *syscalls_make(struct session *session, size_t *len)
{
	return dump(json_syscalls_answer(session), len);
}

enum MHD_Result answer_syscalls(struct request *request)
{
	return cached(request, CACHED_SYSCALLS, TYPE_JSON, syscalls_make);
}

enum MHD_Result answer_metrics(struct request *request)
{
	return cached(request, CACHED_METRICS, TYPE_METRICS, metrics_text);
}

enum MHD_Result answer_enosys(struct request *request)
{
	return http_answer_json(request, MHD_HTTP_OK, json_enosys(&request->server->session));
}

static int query_resolution(struct request *request, enum resolution *resolution)
{
	const char *text = http_query(request, "resolution");

	*resolution = RESOLUTION_ALL;
	if (!text)
		return 0;
	for (unsigned i = 0; i < RESOLUTION_COUNT; i++) {
		if (!strcmp(text, resolution_name[i])) {
			*resolution = i;
			return 0;
		}
	}
	return -1;
}

/* A number of milliseconds, of which the fraction is not looked at */
static int query_since(struct request *request, uint64_t *since_ns, struct error *err)
{
	const char *text = http_query(request, "since");
	const int64_t realtime_ns = request->server->session.realtime_ns;
	char *end;
	double ms;

	*since_ns = 0;
	if (!text)
		return 0;
	ms = strtod(text, &end);
	if (end == text || *end || !(ms >= 0 && ms < 1e15))
		return error_set(err, 0, "since: not a number of milliseconds");
	/* Rows are shown in whole milliseconds: the one that was shown so is not newer */
	if ((int64_t)ms * 1000000 > realtime_ns)
		*since_ns = (int64_t)ms * 1000000 - realtime_ns + 999999;
	return 0;
}

enum MHD_Result answer_history(struct request *request)
{
	struct session *session = &request->server->session;
	struct history_query query = { .columns = http_query(request, "columns") };
	const char *state = session_state_name(session);
	struct error err = { 0 };
	size_t len = 0;
	char *text;

	if (query_resolution(request, &query.resolution) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "resolution: all, fine or coarse");
	if (query_since(request, &query.since_ns, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	pthread_mutex_lock(&session->lock);
	text = history_json(&session->history, &query, state, session->wishes.interval_ms,
			    session->realtime_ns, &len, &err);
	pthread_mutex_unlock(&session->lock);
	if (!text)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	return http_answer(request, MHD_HTTP_OK, http_response(TYPE_JSON, text, len));
}

static const char *lookup(const void *request, const char *name)
{
	return http_query(request, name);
}

/* What a reader has seen already: browsers say it in a header, others may in the query */
static int last_event(struct request *request, uint64_t *after, struct error *err)
{
	const char *header = http_header(request, "Last-Event-ID");
	char *end;

	*after = UINT64_MAX;
	if (header && *header) {
		*after = strtoull(header, &end, 10);
		if (*end || strspn(header, "0123456789") != strlen(header) || strlen(header) > 18)
			return error_set(err, 0, "Last-Event-ID: not a number");
		return 0;
	}
	return http_query_number(request, "last_event_id", 0, INT64_MAX, UINT64_MAX, after, err);
}

enum MHD_Result answer_events(struct request *request)
{
	struct server *server = request->server;
	struct session *session = &server->session;
	struct error err = { 0 };
	struct filter filter;
	uint64_t after, last;
	json_t *columns, *hello;

	if (!strcmp(request->method, MHD_HTTP_METHOD_HEAD))
		return http_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method");
	if (filter_parse(&filter, lookup, request, &err) < 0 ||
	    last_event(request, &after, &err) < 0 ||
	    http_query_number(request, "last", 0, STREAM_LAST_MAX, 0, &last, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	pthread_mutex_lock(&session->lock);
	columns =
	    filter.samples == SAMPLES_NONE ? json_array() : history_columns(&session->history);
	pthread_mutex_unlock(&session->lock);
	hello = json_pack("{s:s, s:s, s:o, s:o}", "state", session_state_name(session), "sandbox",
			  session->name, "recorded", json_recorded(session), "columns", columns);
	if (!hello)
		return MHD_NO;
	return events_open(&server->stream, request, &filter, after, (unsigned)last, hello);
}

/* One line a member, for people */
static enum MHD_Result stats_text(struct request *request, json_t *stats)
{
	const char *key;
	json_t *value;
	char *text = NULL;
	size_t len = 0;
	FILE *out = stats ? open_memstream(&text, &len) : NULL;

	if (!out) {
		json_decref(stats);
		return MHD_NO;
	}
	json_object_foreach(stats, key, value)
	{
		cleanup_free char *shown =
		    json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));

		fprintf(out, "%-30s %s\n", key,
			json_is_string(value) ? json_string_value(value)
			: json_is_null(value) ? "-"
			: shown		      ? shown
					      : "?");
	}
	json_decref(stats);
	if (fclose(out))
		return MHD_NO;
	return http_answer(request, MHD_HTTP_OK, http_response(TYPE_TEXT, text, len));
}

enum MHD_Result answer_stats(struct request *request)
{
	const char *format = http_query(request, "format");
	const char *accept = http_header(request, MHD_HTTP_HEADER_ACCEPT);
	json_t *stats = json_stats(&request->server->session);

	if (format ? !strcmp(format, "json") : accept && strstr(accept, "application/json"))
		return http_answer_json(request, MHD_HTTP_OK, stats);
	return stats_text(request, stats);
}
