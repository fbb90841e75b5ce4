// SPDX-License-Identifier: GPL-2.0-only
/* summary.c - how often calls were made, and how long they took
 *
 * Theory of operation
 * What is asked of a whole sandbox comes from the kernel's counters: the difference of two looks at
 * them, exact, and no events are recorded for it. With a filter (one process, slow calls) events
 * are counted here, in the same kind of histogram; then the table says when some were lost.
 *
 * Time is from a call's entry to its end, waiting included (as strace -c -w has it).
 */

#include <errno.h>
#include <string.h>
#include "lib/clock.h"
#include "trace.h"
#include "observe/region/names.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define TABLE_SIZE (256U * 1024)

static int by_time(const void *a, const void *b)
{
	const struct trace_row *one = a, *other = b;

	if (one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns ? 1 : -1;
	if (one->calls != other->calls)
		return one->calls < other->calls ? 1 : -1;
	return one->nr - other->nr;
}

static void row_add(struct trace_row *sum, const struct trace_row *row)
{
	sum->calls += row->calls;
	sum->errors += row->errors;
	sum->in_guest += row->in_guest;
	sum->time_ns += row->time_ns;
	for (unsigned i = 0; i < VT_BUCKETS; i++)
		sum->latency[i] += row->latency[i];
}

static void row_text(struct text *t, const struct trace_row *row, uint64_t all_ns)
{
	const char *name = row->nr < 0 ? "total" : call_name(row->nr);
	const uint64_t timed = row->calls - row->in_guest;
	char errors[24] = "";

	if (row->errors)
		snprintf(errors, sizeof(errors), "%llu", (unsigned long long)row->errors);
	text_format(
	    t, "%6.2f %11.6f %11.1f %9llu %9s %9.1f %9.1f %9.1f %s\n",
	    all_ns ? (double)row->time_ns * 100 / (double)all_ns : 0.0, (double)row->time_ns / 1e9,
	    timed ? (double)row->time_ns / 1e3 / (double)timed : 0.0,
	    (unsigned long long)row->calls, errors, histogram_percentile(row->latency, 0.5) / 1e3,
	    histogram_percentile(row->latency, 0.95) / 1e3,
	    histogram_percentile(row->latency, 0.99) / 1e3, name ? name : "(no call)");
}

static void member(struct text *t, const char *name, uint64_t number)
{
	text_put(t, name);
	text_unsigned(t, number);
}

/* One call, or all of them, as an object; its name is a kernel's */
static void row_json(struct text *t, const struct trace_row *row)
{
	const char *name = row->nr < 0 ? NULL : call_name(row->nr);

	text_put(t, "{\"call\":");
	if (name)
		text_json(t, name, strlen(name));
	else
		text_put(t, "null");
	member(t, ",\"calls\":", row->calls);
	member(t, ",\"errors\":", row->errors);
	member(t, ",\"untimed\":", row->in_guest);
	member(t, ",\"time_ns\":", row->time_ns);
	member(t, ",\"p50_ns\":", histogram_percentile(row->latency, 0.5));
	member(t, ",\"p95_ns\":", histogram_percentile(row->latency, 0.95));
	member(t, ",\"p99_ns\":", histogram_percentile(row->latency, 0.99));
	text_put(t, "}");
}

static void table_json(struct trace *trace, const struct trace_row *rows, unsigned count,
		       const struct trace_row *sum)
{
	struct text *t = &trace->out;
	bool first = true;

	text_put(t, "{\"calls\":[");
	for (unsigned i = 0; i < count; i++) {
		if (!rows[i].calls)
			continue;
		text_put(t, first ? "\n" : ",\n");
		row_json(t, &rows[i]);
		first = false;
	}
	text_put(t, "],\n\"total\":");
	row_json(t, sum);
	member(t, ",\n\"lost\":", trace->lost);
	text_put(t, "}\n");
}

void trace_table(struct trace *trace, struct trace_row *rows, unsigned count)
{
	static const char rule[] =
	    "------ ----------- ----------- --------- --------- --------- --------- --------- "
	    "----------------\n";
	struct trace_row sum = { .nr = -1 };
	struct text *t = &trace->out;

	qsort(rows, count, sizeof(*rows), by_time);
	for (unsigned i = 0; i < count; i++)
		row_add(&sum, &rows[i]);
	if (trace->options->format == TRACE_JSON) {
		table_json(trace, rows, count, &sum);
		return;
	}
	text_format(t, "%6s %11s %11s %9s %9s %9s %9s %9s %s\n", "% time", "seconds", "usecs/call",
		    "calls", "errors", "p50 us", "p95 us", "p99 us", "syscall");
	text_put(t, rule);
	for (unsigned i = 0; i < count; i++) {
		if (rows[i].calls)
			row_text(t, &rows[i], sum.time_ns);
	}
	text_put(t, rule);
	row_text(t, &sum, sum.time_ns);
	if (trace->lost)
		text_format(t, "*** gap: %llu events lost, which are not in this table ***\n",
			    (unsigned long long)trace->lost);
}

/* ---- from events ---- */

static int summary_begin(struct trace *trace, struct error *err)
{
	struct trace_row *rows = calloc(VT_TELEMETRY_CALLS, sizeof(*rows));

	if (!rows)
		return error_set(err, ENOMEM, "summary");
	for (unsigned i = 0; i < VT_TELEMETRY_CALLS; i++)
		rows[i].nr = i;
	trace->state = rows;
	return 0;
}

static void summary_event(struct trace *trace, const struct event *event, const struct call *call)
{
	struct trace_row *row = trace->state;
	unsigned bucket = 0;

	if (!call)
		return;
	row += call->nr >= 0 && call->nr < VT_TELEMETRY_CALLS ? call->nr : VT_TELEMETRY_CALLS - 1;
	row->calls++;
	row->errors += call_failed(call);
	row->time_ns += call->duration_ns;
	if (call->duration_ns)
		bucket = 63 - (unsigned)__builtin_clzll(call->duration_ns);
	row->latency[bucket < VT_BUCKETS ? bucket : VT_BUCKETS - 1]++;
}

static void summary_gap(struct trace *trace, enum vt_ring_kind ring, uint64_t lost)
{
}

static void summary_end(struct trace *trace)
{
	trace_table(trace, trace->state, VT_TELEMETRY_CALLS);
	free(trace->state);
	trace->state = NULL;
}

const struct trace_sink trace_summary = { summary_begin, summary_event, summary_gap, summary_end };

/* ---- from counters ---- */

static void counters_read(const struct region *region, const struct trace_filter *filter,
			  struct trace_row *rows)
{
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		struct vt_call_counters counters;

		rows[nr] = (struct trace_row){ .nr = (int)nr };
		if (!(filter->calls[nr / 64] >> nr % 64 & 1) || !region_call(region, nr, &counters))
			continue;
		rows[nr].calls = counters.calls;
		rows[nr].errors = counters.errors;
		rows[nr].in_guest = counters.in_guest;
		rows[nr].time_ns = counters.time_ns;
		for (unsigned i = 0; i < VT_BUCKETS; i++)
			rows[nr].latency[i] = counters.latency[i];
	}
}

static void rows_subtract(struct trace_row *rows, const struct trace_row *before)
{
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		rows[nr].calls -= before[nr].calls;
		rows[nr].errors -= before[nr].errors;
		rows[nr].in_guest -= before[nr].in_guest;
		rows[nr].time_ns -= before[nr].time_ns;
		for (unsigned i = 0; i < VT_BUCKETS; i++)
			rows[nr].latency[i] -= before[nr].latency[i];
	}
}

int trace_counters(struct observer *observer, const struct trace_options *options, int fd,
		   enum events_from from, struct error *err)
{
	const struct observe_wishes wishes = { .counters = true };
	cleanup_free struct trace_row *before = calloc(VT_TELEMETRY_CALLS, sizeof(*before));
	cleanup_free struct trace_row *after = calloc(VT_TELEMETRY_CALLS, sizeof(*after));
	cleanup_free char *buffer = malloc(TABLE_SIZE);
	struct trace trace = { .options = options,
			       .fd = fd,
			       .out = { .data = buffer, .size = TABLE_SIZE } };
	uint64_t began;

	if (!before || !after || !buffer)
		return error_set(err, ENOMEM, "summary");
	if (observer_wish(observer, &wishes, err) < 0)
		return -1;
	began = clock_now_ns();
	if (from == EVENTS_FROM_NOW)
		counters_read(observer_region(observer), &options->filter, before);
	for (unsigned idle = 0; !trace_stopped(began, options->duration); idle++) {
		if (observer_ended(observer))
			break;
		trace_pause(idle);
	}
	counters_read(observer_region(observer), &options->filter, after);
	rows_subtract(after, before);
	trace_table(&trace, after, VT_TELEMETRY_CALLS);
	return trace_finish(&trace, err);
}
