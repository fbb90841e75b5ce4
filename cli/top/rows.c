// SPDX-License-Identifier: GPL-2.0-only
/* rows.c - the task table of vitrine top: rates, order, filter, tree
 *
 * Theory of operation
 * A row's rates are differences of two snapshots. A process is the same in both if number and time
 * of birth agree; a new one counts from 0, and a sum that fell, because a thread ended, is no rate.
 * CPU time comes from samples that are as old as they say, so its rate is over their times.
 *
 * The tree is the sorted list, visited children after parents: the order among siblings is that of
 * the list. Parents are the guest's word; a row that no walk from a root has reached (a cycle,
 * which only a broken kernel could show) is a root.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>
#include "observe/region/names.h"
#include "vitrine/util.h"

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

static struct top_row row_make(const struct top_task *task, const struct top_snapshot *now,
			       const struct top_snapshot *before)
{
	static const struct top_task none;
	const struct top_task *old = before ? top_snapshot_find(before, task->pid) : NULL;
	struct top_row row = { .task = task };
	double seconds;

	if (!before)
		return row;
	if (!old || !top_task_same(task, old))
		old = &none;
	row.cpu = task->cpu_share;
	seconds = (double)(now->time_ns - before->time_ns) / 1e9;
	row.calls = rate(task->calls, old->calls, seconds);
	row.errors = rate(task->errors, old->errors, seconds);
	row.faults = rate(task->faults, old->faults, seconds);
	row.switches = rate(task->switches, old->switches, seconds);
	row.delay = rate(task->delay_ns, old->delay_ns, seconds) / 1e9;
	return row;
}

static bool wanted(const struct top_task *task, const struct top_order *order)
{
	char pid[16];

	if (task->kernel && !order->kernel)
		return false;
	if (!order->filter[0])
		return true;
	snprintf(pid, sizeof(pid), "%u", task->pid);
	return !strcmp(pid, order->filter) || strcasestr(task->comm, order->filter);
}

/* ---- order ---- */

static double value_of(const struct top_row *row, enum top_column column)
{
	switch (column) {
	case COLUMN_CPU:
		return row->cpu;
	case COLUMN_RSS:
		return (double)row->task->rss;
	case COLUMN_DESCRIPTORS:
		return row->task->descriptors;
	case COLUMN_CALLS:
		return row->calls;
	case COLUMN_ERRORS:
		return row->errors;
	case COLUMN_FAULTS:
		return row->faults;
	case COLUMN_SWITCHES:
		return row->switches;
	case COLUMN_DELAY:
		return row->delay;
	case COLUMN_STATE:
		return row->task->state == 'R' ? 2 : row->task->state == 'D';
	default:
		return 0;
	}
}

static int compare_text(const struct top_task *a, const struct top_task *b, enum top_column column)
{
	switch (column) {
	case COLUMN_USER:
		return (a->uid > b->uid) - (a->uid < b->uid);
	case COLUMN_CALL:
		return strcmp(call_name(b->call) ?: "", call_name(a->call) ?: "");
	case COLUMN_COMMAND:
		return strcmp(a->comm, b->comm);
	default:
		return 0;
	}
}

static int compare(const void *left, const void *right, void *context)
{
	const struct top_row *a = left, *b = right;
	const struct top_order *order = context;
	double x = value_of(a, order->by), y = value_of(b, order->by);
	int result = (x < y) - (x > y);

	if (!result)
		result = compare_text(a->task, b->task, order->by);
	if (!result)
		result = (a->task->pid > b->task->pid) - (a->task->pid < b->task->pid);
	return order->reversed ? -result : result;
}

/* ---- the tree ---- */

struct walk {
	const struct top_row *from;
	struct top_row *to;
	bool *taken;
	size_t count, done;
};

static void walk_children(struct walk *walk, uint32_t parent, unsigned depth)
{
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->taken[i] || walk->from[i].task->ppid != parent)
			continue;
		walk->taken[i] = true;
		walk->to[walk->done] = walk->from[i];
		walk->to[walk->done++].depth = depth;
		walk_children(walk, walk->from[i].task->pid, depth + 1);
	}
}

static bool is_row(const struct top_rows *table, uint32_t pid)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i].task->pid == pid)
			return true;
	}
	return false;
}

static void make_tree(struct top_rows *table)
{
	struct walk walk = {
		.from = table->rows,
		.to = calloc(table->count + 1, sizeof(*walk.to)),
		.taken = calloc(table->count + 1, sizeof(*walk.taken)),
		.count = table->count,
	};

	for (unsigned pass = 0; walk.to && walk.taken && pass < 2; pass++) {
		for (size_t i = 0; i < walk.count; i++) {
			const struct top_task *task = walk.from[i].task;

			if (walk.taken[i] || (!pass && is_row(table, task->ppid)))
				continue;
			walk.taken[i] = true;
			walk.to[walk.done++] = walk.from[i];
			walk_children(&walk, task->pid, 1);
		}
	}
	free(walk.taken);
	if (!walk.to)
		return;
	free(table->rows);
	table->rows = walk.to;
}

void top_rows_make(struct top_rows *table, const struct top_snapshot *now,
		   const struct top_snapshot *before, const struct top_order *order)
{
	top_rows_free(table);
	table->rows = calloc(now->ntasks + 1, sizeof(*table->rows));
	for (size_t i = 0; table->rows && i < now->ntasks; i++) {
		if (wanted(&now->tasks[i], order))
			table->rows[table->count++] = row_make(&now->tasks[i], now, before);
	}
	if (!table->rows)
		return;
	qsort_r(table->rows, table->count, sizeof(*table->rows), compare, (void *)order);
	if (order->tree)
		make_tree(table);
}

void top_rows_free(struct top_rows *table)
{
	free(table->rows);
	*table = (struct top_rows){ 0 };
}
