/* SPDX-License-Identifier: GPL-2.0-only */
/* top.h - the parts of vitrine top */
#ifndef CLI_TOP_TOP_H
#define CLI_TOP_TOP_H

#include <jansson.h>
#include "frame.h"
#include "rows.h"
#include "snapshot.h"
#include "observe/client/client.h"
#include "observe/region/region.h"

/**
 * struct top - what is shown
 * @now, @before: the two newest snapshots; @before.time_ns is 0 when there is only one
 * @order:  of the table; @rows: the table
 * @chosen: pid of the row under the bar, 0 for none; @first: first row that is shown
 * @interval_ms: between snapshots
 */
struct top {
	const char *name;
	struct observer *observer;
	struct top_snapshot now, before;
	struct top_order order;
	struct top_rows rows;
	uint32_t chosen;
	size_t first;
	unsigned interval_ms;
	bool paused;
};

/** top_look() - Take a new snapshot */
void top_look(struct top *top);

/**
 * top_json() - All counters of a sandbox, exactly as they are in the region
 *
 * Return: an object that the caller releases.
 */
json_t *top_json(const char *name, const struct region *region);

/* draw.c */
void top_draw_header(const struct top *top, struct frame *frame);
void top_draw_table(struct top *top, struct frame *frame, unsigned below);
const char *top_column_title(enum top_column column);

/** top_draw_calls() - The system calls, those that are made most first; as many as were ever made
 */
void top_draw_calls(const struct top *top, struct frame *frame);

/**
 * top_draw_task() - Details of one process
 * @json: the kernel's view VT_VIEW_TASK, or NULL with @why
 */
void top_draw_task(const struct top *top, struct frame *frame, uint32_t pid, const json_t *json,
		   const char *why);

/** top_ui() - The full-screen view, until the user or the sandbox ends it */
int top_ui(struct top *top, struct error *err);

#endif
