// SPDX-License-Identifier: GPL-2.0-only
/* metrics.c - GET .../metrics?range=, and /v1/figures: those of this moment, of all that run */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "service/metrics/metrics.h"
#include "service/service.h"
#include "service/store/store.h"
#include "vitrine/util.h"

static const struct {
	const char *name;
	int64_t seconds;
	enum series_step step;
} ranges[] = {
	{ "5m", 300, SERIES_FINE },	 { "10m", 600, SERIES_FINE },
	{ "1h", 3600, SERIES_MIDDLE },	 { "2h", 7200, SERIES_MIDDLE },
	{ "6h", 21600, SERIES_COARSE },	 { "12h", 43200, SERIES_COARSE },
	{ "24h", 86400, SERIES_COARSE },
};

/* Those of one that has ended are there for a day */
static int is_known(struct request *request, struct fault *fault)
{
	struct rows rows cleanup_rows = { 0 };
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "SELECT state FROM sandbox WHERE id = $1 AND owner = $2", "ss",
		      request->params[0], request->caller.owner))
		return fault_error(fault, FAULT_INTERNAL, &err);
	return rows.count ? 0 : fault_set(fault, FAULT_NOT_FOUND, "there is no such sandbox");
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void api_sandbox_metrics(struct request *request)
{
	const char *wanted = request_query(request, "range") ?: "5m";
	const char *since = request_query(request, "since_ms");
	const int64_t after = since ? strtoll(since, NULL, 10) : 0;
	struct figures *points = NULL;
	json_t *list = json_array();
	struct fault fault;
	size_t count, i = 0;

	while (i < ARRAY_SIZE(ranges) && strcmp(ranges[i].name, wanted) != 0)
		i++;
	if (i == ARRAY_SIZE(ranges))
		fault_set(&fault, FAULT_BAD_REQUEST, "range: 5m, 10m, 1h, 2h, 6h, 12h or 24h");
	else if (!is_known(request, &fault) &&
		 !metrics_read(request->service, request->params[0], ranges[i].step,
			       later(now_ms() - ranges[i].seconds * 1000, after), &points, &count,
			       &fault)) {
		for (size_t k = 0; k < count; k++)
			json_array_append_new(
			    list, json_pack("{s:I, s:f, s:I, s:I, s:I}", "timestamp_ms",
					    (json_int_t)points[k].at_ms, "cpu_pct",
					    points[k].cpu_permille / 10.0, "mem_bytes",
					    (json_int_t)points[k].mem_bytes, "disk_bytes",
					    (json_int_t)points[k].disk_bytes, "net",
					    (json_int_t)points[k].net_bytes));
		free(points);
		answer_json(request, 200,
			    json_pack("{s:I, s:o}", "step_ms",
				      (json_int_t)series_rules[ranges[i].step].ms, "points", list));
		return;
	}
	json_decref(list);
	answer_fault(request, &fault);
}

void api_figures(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	json_t *list;
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "SELECT id FROM sandbox WHERE owner = $1 AND state = $2", "ss",
		      request->caller.owner, state_names[STATE_RUNNING])) {
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < rows.count; i++) {
		struct figures newest;

		if (metrics_newest(rows_text(&rows, i, 0), &newest))
			json_array_append_new(
			    list, json_pack("{s:s, s:I, s:f, s:I}", "id", rows_text(&rows, i, 0),
					    "timestamp_ms", (json_int_t)newest.at_ms, "cpu_pct",
					    newest.cpu_permille / 10.0, "mem_bytes",
					    (json_int_t)newest.mem_bytes));
	}
	answer_json(request, 200, json_pack("{s:o}", "figures", list));
}
