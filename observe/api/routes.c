// SPDX-License-Identifier: GPL-2.0-only
/* routes.c - the server's paths, and the answers that need no kernel
 *
 * The table is web/openapi.yaml's list of paths; tests/observe/schema.py asks for every one of
 * them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "observe/http/assets.h"
#include "observe/events/event_json.h"
#include "vitrine/util.h"

extern const char openapi_start[], openapi_end[];

static const char *const resolution_name[] = {
	[RESOLUTION_ALL] = "all",
	[RESOLUTION_FINE] = "fine",
	[RESOLUTION_COARSE] = "coarse",
};
static_assert(ARRAY_SIZE(resolution_name) == RESOLUTION_COUNT, "resolution_name[]");

static enum MHD_Result healthz(struct request *request)
{
	static char ok[] = "ok\n";
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(sizeof(ok) - 1, ok, MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, TYPE_TEXT);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return http_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result openapi(struct request *request)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    openapi_end - openapi_start, (void *)openapi_start, MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, "application/yaml");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	return http_answer(request, MHD_HTTP_OK, response);
}

static enum MHD_Result asset_answer(struct request *request, const struct asset *asset)
{
	const char *accepted = http_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	const char *known = http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const bool packed = asset->packed && accepted && strstr(accepted, "gzip");
	const bool same = known && strstr(known, asset->etag);
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    same     ? 0
	    : packed ? asset->packed_len
		     : asset->plain_len,
	    (void *)(packed ? asset->packed : asset->plain), MHD_RESPMEM_PERSISTENT);

	if (!response)
		return MHD_NO;
	http_headers(response, asset->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	if (packed && !same)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return http_answer(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static enum MHD_Result asset(struct request *request)
{
	for (size_t i = 0; i < nassets; i++) {
		if (!strcmp(assets[i].path, request->path))
			return asset_answer(request, &assets[i]);
	}
	return http_error(request, MHD_HTTP_NOT_FOUND, "there is nothing here");
}

enum MHD_Result api_cached(struct request *request, enum cached which, const char *type,
			   char *(*make)(struct server *server, size_t *len))
{
	struct server *server = request->server;
	const uint64_t now = server_now();
	size_t len = 0;
	char *text;

	if (!server->cache[which].response || server->cache[which].made_ns + ASKS_FRESH_NS <= now) {
		if (server->cache[which].response)
			MHD_destroy_response(server->cache[which].response);
		text = make(server, &len);
		server->cache[which].response = http_response(type, text, len);
		server->cache[which].made_ns = now;
	}
	if (!server->cache[which].response)
		return MHD_NO;
	return MHD_queue_response(request->connection, MHD_HTTP_OK, server->cache[which].response);
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
	const int64_t realtime_ns = request->server->realtime_ns;
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

enum MHD_Result api_history(struct request *request)
{
	struct server *server = request->server;
	struct history_query query = { .columns = http_query(request, "columns") };
	const char *state = server_state_name(server);
	struct error err = { 0 };
	size_t len = 0;
	char *text;

	if (query_resolution(request, &query.resolution) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "resolution: all, fine or coarse");
	if (query_since(request, &query.since_ns, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	pthread_mutex_lock(&server->lock);
	text = history_json(&server->history, &query, state, server->wishes.interval_ms,
			    server->realtime_ns, &len, &err);
	pthread_mutex_unlock(&server->lock);
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

enum MHD_Result api_events(struct request *request)
{
	struct server *server = request->server;
	struct error err = { 0 };
	struct filter filter;
	uint64_t after;
	json_t *columns, *hello;

	if (!strcmp(request->method, MHD_HTTP_METHOD_HEAD))
		return http_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method");
	if (filter_parse(&filter, lookup, request, &err) < 0 ||
	    last_event(request, &after, &err) < 0)
		return http_error(request, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	pthread_mutex_lock(&server->lock);
	columns = filter.samples == SAMPLES_NONE ? json_array() : history_columns(&server->history);
	pthread_mutex_unlock(&server->lock);
	hello = json_pack("{s:s, s:s, s:o}", "state", server_state_name(server), "sandbox",
			  server->options.name, "columns", columns);
	if (!hello)
		return MHD_NO;
	return events_open(&server->stream, request, &filter, after, hello);
}

static json_t *latest(struct server *server, const char *name)
{
	double value;

	pthread_mutex_lock(&server->lock);
	value = history_latest(&server->history, name);
	pthread_mutex_unlock(&server->lock);
	return isfinite(value) ? json_real(round(value * 1000) / 1000) : json_null();
}

/* The sum of some columns; null when there is none of them */
static json_t *latest_sum(struct server *server, const char *const names[], size_t count)
{
	double sum = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		json_t *value = latest(server, names[i]);

		sum += json_number_value(value);
		any |= json_is_real(value);
		json_decref(value);
	}
	return any ? json_real(sum) : json_null();
}

static json_t *busy(struct server *server)
{
	json_t *idle = latest(server, "cpu.idle"), *result = json_null();

	if (json_is_real(idle))
		result = json_real(round((1 - json_real_value(idle)) * 1000) / 1000);
	json_decref(idle);
	return result;
}

static json_t *stats_json(struct server *server)
{
	static const char *const faults[] = { "faults.refill", "faults.minor", "faults.major",
					      "faults.cow",    "faults.file",  "faults.bad" };
	static const char *const switches[] = { "switches.sleep", "switches.preempt",
						"switches.yield", "switches.exit",
						"switches.idle" };
	static const char *const network[] = { "network.sent_bytes", "network.received_bytes" };
	json_t *syscalls = json_syscalls(server), *scheduler = json_scheduler(server);
	json_t *memory = json_memory(server), *events = json_event_counts(server);
	const json_t *meminfo = json_object_get(memory, "meminfo");
	const json_t *total = json_object_get(syscalls, "total");
	struct region_head head;
	unsigned readers;
	json_t *stats;

	region_head(server->region, &head);
	pthread_mutex_lock(&server->stream.lock);
	readers = server->stream.readers;
	pthread_mutex_unlock(&server->stream.lock);
	stats =
	    json_pack("{s:s, s:s, s:f, s:O, s:o, s:o, s:o, s:o, s:o, s:O?, s:O?, s:O, s:o, s:o, "
		      "s:o, s:O, s:O, "
		      "s:O, s:O, s:i}",
		      "name", server->options.name, "state", server_state_name(server), "uptime_ms",
		      head.boot_ns ? (double)((server_now() - head.boot_ns) / 1000000) : 0.0,
		      "tasks", json_object_get(scheduler, "tasks"), "syscalls_per_second",
		      latest(server, "syscalls.total"), "errors_per_second",
		      latest(server, "syscalls.errors"), "faults_per_second",
		      latest_sum(server, faults, ARRAY_SIZE(faults)), "switches_per_second",
		      latest_sum(server, switches, ARRAY_SIZE(switches)), "cpu", busy(server),
		      "memory_total_bytes", json_object_get(meminfo, "mem_total_bytes"),
		      "memory_available_bytes", json_object_get(meminfo, "mem_available_bytes"),
		      "load", json_object_get(scheduler, "load"), "block_read_bytes_per_second",
		      latest(server, "block.read_bytes"), "block_write_bytes_per_second",
		      latest(server, "block.write_bytes"), "network_bytes_per_second",
		      latest_sum(server, network, ARRAY_SIZE(network)), "syscalls",
		      json_object_get(total, "calls"), "errors", json_object_get(total, "errors"),
		      "enosys", json_object_get(total, "enosys"), "events",
		      json_object_get(events, "newest"), "readers", (int)readers);
	json_decref(syscalls);
	json_decref(scheduler);
	json_decref(memory);
	json_decref(events);
	return stats;
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

enum MHD_Result api_stats(struct request *request)
{
	const char *format = http_query(request, "format");
	const char *accept = http_header(request, MHD_HTTP_HEADER_ACCEPT);
	json_t *stats = stats_json(request->server);

	if (format ? !strcmp(format, "json") : accept && strstr(accept, "application/json"))
		return http_answer_json(request, MHD_HTTP_OK, stats);
	return stats_text(request, stats);
}

/* The dashboard's files are found in assets[], behind everything else */
const struct route api_routes[] = {
	{ "/", ROUTE_PAGE, asset },
	{ "/healthz", ROUTE_OPEN, healthz },
	{ "/openapi.yaml", 0, openapi },
	{ "/stats", 0, api_stats },
	{ "/metrics", 0, metrics_get },
	{ "/api/snapshot", 0, api_snapshot },
	{ "/api/syscalls", 0, api_syscalls },
	{ "/api/enosys", 0, api_enosys },
	{ "/api/history", 0, api_history },
	{ "/api/events", 0, api_events },
	{ "/api/control", ROUTE_POST, api_control },
	{ "/api/follow", 0, api_view, VT_VIEW_FOLLOW },
	{ "/api/follow", ROUTE_POST, api_follow_arm },
	{ "/api/processes", 0, api_view, VT_VIEW_PROCESSES },
	{ "/api/task/", 0, api_task },
	{ "/api/scheduler", 0, api_view, VT_VIEW_SCHEDULER },
	{ "/api/memory", 0, api_view, VT_VIEW_MEMORY },
	{ "/api/block", 0, api_view, VT_VIEW_BLOCK },
	{ "/api/slab", 0, api_view, VT_VIEW_SLAB },
	{ "/api/page-cache", 0, api_page_cache, VT_VIEW_PAGE_CACHE },
	{ "/api/sockets", 0, api_view, VT_VIEW_SOCKETS },
	{ "/api/mounts", 0, api_view, VT_VIEW_MOUNTS },
	{ "/api/files", 0, api_files },
	{ "*", 0, asset },
};
const size_t api_nroutes = ARRAY_SIZE(api_routes);
