// SPDX-License-Identifier: GPL-2.0-only
/* system.c - /health, /metrics, /openapi.yaml and /v1/events */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "service/e2b/e2b.h"
#include "service/http/server.h"
#include "service/life/events.h"
#include "service/life/warm.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

#define KEEPALIVE_MS 10000

extern const char service_openapi_begin[], service_openapi_end[];

void api_health(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct fault fault;
	struct error err;

	if (request_header(request, "E2b-Sandbox-Id")) {
		e2b_health(request);
		return;
	}
	if (store_run(request->service->store, &rows, &err, "SELECT 1", "")) {
		fault_set(&fault, FAULT_UNAVAILABLE, "the store does not answer");
		answer_fault(request, &fault);
		return;
	}
	answer_json(request, 200,
		    json_pack("{s:s, s:s, s:I}", "status", "ok", "version", VITRINE_VERSION,
			      "uptime_sec",
			      (json_int_t)((now_ms() - request->service->started_ms) / 1000)));
}

void api_metrics(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	char text[4096];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text),
				"# TYPE vitrined_connections gauge\nvitrined_connections %u\n"
				"# TYPE vitrined_requests_running gauge\n"
				"vitrined_requests_running %u\n"
				"# TYPE vitrined_templates_ready gauge\n"
				"vitrined_templates_ready %u\n"
				"# TYPE vitrined_sandboxes gauge\n",
				server_connections(), work_count(), warm_count());
	if (!store_run(request->service->store, &rows, NULL,
		       "SELECT state, count(*) FROM sandbox GROUP BY state ORDER BY state", "")) {
		for (size_t i = 0; i < rows.count && used < sizeof(text) - 128; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "vitrined_sandboxes{state=\"%s\"} %" PRId64 "\n",
						 rows_text(&rows, i, 0), rows_number(&rows, i, 1));
	}
	answer_text(request, 200, "text/plain; version=0.0.4", text, used);
}

void api_openapi(struct request *request)
{
	answer_text(request, 200, "application/yaml", service_openapi_begin,
		    (size_t)(service_openapi_end - service_openapi_begin));
}

static int write_event(struct request *request, const struct event *event)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "id: %" PRIu64 "\nevent: %s\ndata: {\"at_ms\":%" PRId64
			   ",\"type\":\"%s\",\"object\":\"%s\"}\n\n",
			   event->number, event->kind, event->at_ms, event->kind, event->object);

	return answer_write(request, text, (size_t)len);
}

void api_events(struct request *request)
{
	const char *last = request_header(request, "Last-Event-ID");
	uint64_t after = last ? strtoull(last, NULL, 10) : events_newest();
	struct event event;
	struct fault fault;

	if (after > events_newest())
		after = events_newest();
	if (answer_stream(request, 200, "text/event-stream", MHD_SIZE_UNKNOWN)) {
		fault_set(&fault, FAULT_BUSY, "no memory");
		answer_fault(request, &fault);
		return;
	}
	for (;;) {
		if (events_next(after, KEEPALIVE_MS, &event)) {
			after = event.number;
			if (!strcmp(event.owner, request->caller.owner) &&
			    write_event(request, &event))
				break;
		} else if (server_stopping() || answer_write(request, ":\n\n", 3)) {
			break;
		}
	}
	answer_end(request, false);
}
