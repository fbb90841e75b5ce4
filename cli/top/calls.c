// SPDX-License-Identifier: GPL-2.0-only
/* calls.c - vitrine top's page of system calls
 *
 * Rates and percentiles are of the time between the two looks, so that they show what happens now;
 * a call that was not made in it has the percentiles of all of its time.
 */
#include <stdlib.h>
#include <string.h>
#include "top.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

/**
 * struct call_row - one system call
 * @recent: what came since the look before
 */
struct call_row {
	unsigned nr;
	const struct vt_call_counters *total;
	struct vt_call_counters recent;
};

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static struct vt_call_counters difference(const struct vt_call_counters *now,
					  const struct vt_call_counters *before)
{
	struct vt_call_counters d = {
		.calls = grown(now->calls, before->calls),
		.errors = grown(now->errors, before->errors),
		.enosys = grown(now->enosys, before->enosys),
		.in_guest = grown(now->in_guest, before->in_guest),
		.time_ns = grown(now->time_ns, before->time_ns),
	};

	for (unsigned i = 0; i < VT_BUCKETS; i++)
		d.latency[i] = grown(now->latency[i], before->latency[i]);
	return d;
}

static int by_calls(const void *left, const void *right)
{
	const struct call_row *a = left, *b = right;

	if (a->recent.calls != b->recent.calls)
		return a->recent.calls < b->recent.calls ? 1 : -1;
	if (a->total->calls != b->total->calls)
		return a->total->calls < b->total->calls ? 1 : -1;
	return a->nr < b->nr ? -1 : a->nr > b->nr;
}

static void draw_row(const struct top *top, struct frame *frame, const struct call_row *row)
{
	const struct vt_call_counters *shown = row->recent.calls ? &row->recent : row->total;
	const double seconds = (double)(top->now.time_ns - top->before.time_ns) / 1e9;
	char text[QUANTITY_MAX], name[24];

	snprintf(name, sizeof(name), "syscall_%u", row->nr);
	frame_cell(frame, 22, call_name(row->nr) ?: name);
	frame_cell(frame, 11, name_of(NAMES_FAMILY, call_family(row->nr)));
	frame_style(frame, STYLE_BOLD);
	frame_cell(frame, -8, quantity((double)row->recent.calls / seconds, text));
	frame_style(frame, row->recent.errors ? STYLE_BAD : STYLE_PLAIN);
	frame_cell(frame, -8, quantity((double)row->recent.errors / seconds, text));
	frame_style(frame, STYLE_PLAIN);
	frame_cell(frame, -8, quantity((double)row->total->calls, text));
	frame_cell(frame, -8, quantity((double)row->total->errors, text));
	frame_cell(frame, -8, quantity((double)row->total->enosys, text));
	frame_cell(
	    frame, -9,
	    quantity_time((double)shown->time_ns / (double)(shown->calls - shown->in_guest ?: 1),
			  text));
	frame_cell(
	    frame, -9,
	    quantity_time(histogram_percentile((const uint64_t *)shown->latency, 0.5), text));
	frame_cell(
	    frame, -9,
	    quantity_time(histogram_percentile((const uint64_t *)shown->latency, 0.99), text));
	frame_line(frame);
}

void top_draw_calls(const struct top *top, struct frame *frame)
{
	static const struct {
		const char *title;
		int width;
	} columns[] = {
		{ "CALL", 22 },	 { "FAMILY", 11 }, { "CALLS/s", -8 }, { "ERR/s", -8 },
		{ "CALLS", -8 }, { "ERRORS", -8 }, { "ENOSYS", -8 },  { "MEAN", -9 },
		{ "P50", -9 },	 { "P99", -9 },
	};
	const struct top_snapshot *now = &top->now, *before = &top->before;
	cleanup_free struct call_row *rows = calloc(VT_TELEMETRY_CALLS, sizeof(*rows));
	size_t count = 0;

	frame_style(frame, STYLE_HEAD);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		frame_cell(frame, columns[i].width, columns[i].title);
	frame_line(frame);
	frame_style(frame, STYLE_PLAIN);
	if (!rows || !now->table || !before->table || now->time_ns <= before->time_ns)
		return;
	for (unsigned nr = 0; nr < VT_TELEMETRY_CALLS; nr++) {
		if (now->table[nr].calls)
			rows[count++] =
			    (struct call_row){ nr, &now->table[nr],
					       difference(&now->table[nr], &before->table[nr]) };
	}
	qsort(rows, count, sizeof(*rows), by_calls);
	for (size_t i = 0; i < count; i++)
		draw_row(top, frame, &rows[i]);
}
