// SPDX-License-Identifier: GPL-2.0-only
/* metrics.c - figures of a sandbox in E2B's words */
#include <stdlib.h>

#include "control.h"
#include "service/metrics/metrics.h"
#include "service/service.h"
#include "vitrine/util.h"

#define RANGE_MS (10 * 60 * 1000)

static int64_t moment(const struct request *request, const char *name, int64_t fallback)
{
	const char *text = request_query(request, name);
	const int64_t seconds = text ? strtoll(text, NULL, 10) : 0;

	return seconds > 0 && seconds < 1LL << 40 ? seconds * 1000 : fallback;
}

void e2b_metrics(struct request *request)
{
	const int64_t now = now_ms();
	const int64_t end = moment(request, "end", now) + 999;
	const int64_t start = moment(request, "start", now - RANGE_MS) - 1;
	const enum series_step step = now - start <= RANGE_MS * 2    ? SERIES_FINE
				      : now - start <= RANGE_MS * 12 ? SERIES_MIDDLE
								     : SERIES_COARSE;
	struct sandbox s cleanup_sandbox = { 0 };
	struct figures *points = NULL;
	struct fault fault;
	size_t count = 0;
	json_t *list;

	if (sandbox_load(request->service, request->caller.owner, request->params[0], &s, &fault) ||
	    metrics_read(request->service, s.id, step, start, &points, &count, &fault)) {
		answer_fault(request, &fault);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < count && points[i].at_ms <= end; i++)
		json_array_append_new(
		    list,
		    json_pack("{s:o, s:I, s:I, s:f, s:I, s:I, s:i, s:I, s:I}", "timestamp",
			      e2b_moment(points[i].at_ms), "timestampUnix",
			      (json_int_t)(points[i].at_ms / 1000), "cpuCount", (json_int_t)s.vcpus,
			      "cpuUsedPct", points[i].cpu_permille / 10.0 / (double)s.vcpus,
			      "memUsed", (json_int_t)points[i].mem_bytes, "memTotal",
			      (json_int_t)(s.memory_mb << 20), "memCache", 0, "diskUsed",
			      (json_int_t)points[i].disk_bytes, "diskTotal",
			      (json_int_t)(s.disk_mb << 20)));
	free(points);
	answer_json(request, 200, list);
}
