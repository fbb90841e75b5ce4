// SPDX-License-Identifier: GPL-2.0-only
/* draw.c - vitrine top's header and task table */
#include "top.h"

#include <string.h>
#include "observe/region/names.h"
#include "vitrine/util.h"

#define LABEL 11

/* Seconds between the two snapshots, 0 when there is only one */
static double span(const struct top *top)
{
	return top->before.time_ns ? (double)(top->now.time_ns - top->before.time_ns) / 1e9 : 0;
}

static double rate(const struct top *top, uint64_t now, uint64_t before)
{
	double seconds = span(top);

	return seconds > 0 && now > before ? (double)(now - before) / seconds : 0;
}

static void label(struct frame *frame, const char *text)
{
	frame_style(frame, STYLE_ACCENT);
	frame_cell(frame, LABEL, text);
	frame_style(frame, STYLE_PLAIN);
}

/* "12.3k read  " */
static void figure(struct frame *frame, const char *value, const char *what)
{
	frame_style(frame, STYLE_BOLD);
	frame_cell(frame, -5, value);
	frame_style(frame, STYLE_PLAIN);
	frame_printf(frame, " %s  ", what);
}

static void figure_rate(struct frame *frame, const struct top *top, uint64_t now, uint64_t before,
			const char *what)
{
	char text[QUANTITY_MAX];

	figure(frame, quantity(rate(top, now, before), text), what);
}

static void figure_bytes(struct frame *frame, double bytes, const char *what)
{
	char text[QUANTITY_MAX];

	figure(frame, quantity_bytes(bytes, text), what);
}

static void draw_title(const struct top *top, struct frame *frame)
{
	const uint64_t up = (top->now.time_ns - top->now.head.boot_ns) / 1000000000;
	const struct proc_loadavg *load = &top->now.load;

	frame_style(frame, STYLE_BOLD);
	frame_printf(frame, "vitrine top - %s", top->name);
	frame_style(frame, STYLE_PLAIN);
	if (up >= 86400)
		frame_printf(frame, "   up %llud %02llu:%02llu", (unsigned long long)up / 86400,
			     (unsigned long long)up / 3600 % 24, (unsigned long long)up / 60 % 60);
	else
		frame_printf(frame, "   up %llu:%02llu:%02llu", (unsigned long long)up / 3600,
			     (unsigned long long)up / 60 % 60, (unsigned long long)up % 60);
	if (top->now.sampled)
		frame_printf(frame, "   load %.2f %.2f %.2f   tasks %llu, %llu running",
			     load->load[0], load->load[1], load->load[2],
			     (unsigned long long)load->total, (unsigned long long)load->running);
	if (top->paused) {
		frame_style(frame, STYLE_WARN);
		frame_text(frame, "   paused");
	}
	frame_line(frame);
}

static void draw_cpu(const struct top *top, struct frame *frame)
{
	const struct proc_cpu *now = &top->now.stat.all, *old = &top->before.stat.all;
	const uint64_t parts[] = {
		now->user_ns + now->nice_ns - old->user_ns - old->nice_ns,
		now->system_ns - old->system_ns,
		now->irq_ns + now->softirq_ns - old->irq_ns - old->softirq_ns,
		now->iowait_ns - old->iowait_ns,
		now->idle_ns - old->idle_ns,
	};
	static const char *const names[] = { "user", "system", "irq", "iowait", "idle" };
	uint64_t total = 0;
	char text[16];

	label(frame, "CPU");
	if (!top->now.sampled || !top->before.sampled) {
		frame_text(frame, "not sampled yet");
		frame_line(frame);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		total += (int64_t)parts[i] > 0 ? parts[i] : 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		double share = total && (int64_t)parts[i] > 0 ? 100.0 * parts[i] / total : 0;

		snprintf(text, sizeof(text), share < 99.95 ? "%.1f%%" : "%.0f%%", share);
		figure(frame, text, names[i]);
	}
	frame_line(frame);
}

static void draw_memory(const struct top *top, struct frame *frame)
{
	const struct proc_meminfo *memory = &top->now.memory;
	const uint64_t cache = memory->cached + memory->buffers + memory->slab_reclaimable;
	const uint64_t given = memory->free + cache;

	label(frame, "Memory");
	if (!memory->total) {
		frame_text(frame, "not sampled yet");
	} else {
		figure_bytes(frame, memory->total, "total");
		figure_bytes(frame, memory->total > given ? memory->total - given : 0, "used");
		figure_bytes(frame, cache, "cache");
		figure_bytes(frame, memory->free, "free");
		figure_bytes(frame, memory->dirty, "dirty");
	}
	frame_line(frame);
}

static void draw_calls(const struct top *top, struct frame *frame)
{
	label(frame, "Calls/s");
	figure_rate(frame, top, top->now.calls, top->before.calls, "all");
	for (unsigned i = 0; i < VT_NR_FAMILIES; i++) {
		if (i == VT_FAMILY_SIGNAL) { /* the line would be too long */
			frame_line(frame);
			label(frame, "");
		}
		figure_rate(frame, top, top->now.family_calls[i], top->before.family_calls[i],
			    name_of(NAMES_FAMILY, i));
	}
	figure_rate(frame, top, top->now.errors, top->before.errors, "failed");
	frame_line(frame);
}

static void draw_kernel(const struct top *top, struct frame *frame)
{
	const struct vt_counters *now = &top->now.counters, *old = &top->before.counters;
	char text[QUANTITY_MAX];

	label(frame, "Faults/s");
	for (unsigned i = 0; i < VT_NR_FAULTS; i++)
		figure_rate(frame, top, now->faults[i], old->faults[i], name_of(NAMES_FAULT, i));
	frame_line(frame);
	label(frame, "Switches/s");
	for (unsigned i = 0; i < VT_NR_SWITCHES; i++)
		figure_rate(frame, top, now->switches[i], old->switches[i],
			    name_of(NAMES_SWITCH, i));
	frame_line(frame);
	label(frame, "Tasks/s");
	figure_rate(frame, top, now->forks, old->forks, "fork");
	figure_rate(frame, top, now->execs, old->execs, "exec");
	figure_rate(frame, top, now->exits, old->exits, "exit");
	figure_rate(frame, top, now->signals, old->signals, "signal");
	figure(frame, quantity(rate(top, now->run_delay_ns, old->run_delay_ns) / 1e6, text),
	       "ms waiting for a CPU");
	frame_line(frame);
}

static void draw_io(const struct top *top, struct frame *frame)
{
	const struct vt_counters *now = &top->now.counters, *old = &top->before.counters;

	label(frame, "I/O/s");
	for (unsigned op = VT_BLOCK_READ; op <= VT_BLOCK_WRITE; op++) {
		figure_rate(frame, top, now->block[op].completed, old->block[op].completed,
			    op == VT_BLOCK_READ ? "reads" : "writes");
		figure_bytes(frame, rate(top, now->block[op].bytes, old->block[op].bytes),
			     op == VT_BLOCK_READ ? "read" : "written");
	}
	figure_bytes(frame, rate(top, now->bytes_received, old->bytes_received), "received");
	figure_bytes(frame, rate(top, now->bytes_sent, old->bytes_sent), "sent");
	frame_line(frame);
}

void top_draw_header(const struct top *top, struct frame *frame)
{
	draw_title(top, frame);
	draw_cpu(top, frame);
	draw_memory(top, frame);
	draw_calls(top, frame);
	draw_kernel(top, frame);
	draw_io(top, frame);
}

/* ---- the table ---- */

/* Widths below 0: to the right */
static const struct {
	const char *title;
	int width;
} columns[] = {
	[COLUMN_PID] = { "PID", -6 },	      [COLUMN_USER] = { "USER", 8 },
	[COLUMN_STATE] = { "S", 1 },	      [COLUMN_CPU] = { "%CPU", -5 },
	[COLUMN_RSS] = { "RSS", -6 },	      [COLUMN_DESCRIPTORS] = { "FDS", -5 },
	[COLUMN_CALLS] = { "CALLS/s", -7 },   [COLUMN_ERRORS] = { "ERR/s", -6 },
	[COLUMN_FAULTS] = { "FLT/s", -6 },    [COLUMN_SWITCHES] = { "SW/s", -6 },
	[COLUMN_DELAY] = { "%DELAY", -6 },    [COLUMN_CALL] = { "CALL", 15 },
	[COLUMN_COMMAND] = { "COMMAND", 30 },
};
static_assert(ARRAY_SIZE(columns) == COLUMN_NCOLUMNS, "columns[]");

const char *top_column_title(enum top_column column)
{
	return columns[column].title;
}

static void cell_text(const struct top_row *row, enum top_column column, char *text, size_t size)
{
	const struct top_task *task = row->task;
	char number[QUANTITY_MAX];
	const double rates[COLUMN_NCOLUMNS] = {
		[COLUMN_CALLS] = row->calls,
		[COLUMN_ERRORS] = row->errors,
		[COLUMN_FAULTS] = row->faults,
		[COLUMN_SWITCHES] = row->switches,
	};

	switch (column) {
	case COLUMN_PID:
		snprintf(text, size, "%u", task->pid);
		break;
	case COLUMN_USER:
		snprintf(text, size, "%s", task->known ? top_user(task->uid) : "-");
		break;
	case COLUMN_STATE:
		snprintf(text, size, "%c", task->state);
		break;
	case COLUMN_CPU:
		snprintf(text, size, "%.1f", 100 * row->cpu);
		break;
	case COLUMN_RSS:
		snprintf(text, size, "%s", task->rss ? quantity_bytes(task->rss, number) : "-");
		break;
	case COLUMN_DESCRIPTORS:
		snprintf(text, size, "%s",
			 task->descriptors ? quantity(task->descriptors, number) : "-");
		break;
	case COLUMN_DELAY:
		snprintf(text, size, "%.1f", 100 * row->delay);
		break;
	case COLUMN_CALL:
		snprintf(text, size, "%s",
			 task->call >= 0      ? call_name(task->call) ?: "?"
			 : task->state == 'R' ? "-"
					      : task->wchan);
		break;
	case COLUMN_COMMAND:
		snprintf(text, size, task->kernel ? "%*s[%s]" : "%*s%s", 2 * row->depth, "",
			 task->comm);
		break;
	default:
		snprintf(text, size, "%s",
			 rates[column] > 0 ? quantity(rates[column], number) : "-");
	}
}

static enum frame_style cell_style(const struct top_row *row, enum top_column column)
{
	switch (column) {
	case COLUMN_STATE:
		return row->task->state == 'R'	 ? STYLE_GOOD
		       : row->task->state == 'D' ? STYLE_WARN
		       : row->task->state == 'Z' ? STYLE_BAD
						 : STYLE_PLAIN;
	case COLUMN_CPU:
		return row->cpu > 0.8 ? STYLE_WARN : STYLE_PLAIN;
	case COLUMN_ERRORS:
		return row->errors > 0 ? STYLE_BAD : STYLE_PLAIN;
	case COLUMN_DESCRIPTORS:
		/* The next open() may fail */
		return row->task->descriptors * 10ULL >= row->task->descriptors_limit * 9ULL &&
			       row->task->descriptors
			   ? STYLE_WARN
			   : STYLE_PLAIN;
	case COLUMN_CALL:
		return STYLE_DIM;
	default:
		return row->task->kernel ? STYLE_DIM : STYLE_PLAIN;
	}
}

static void draw_row(const struct top_row *row, struct frame *frame, bool chosen)
{
	char text[128];

	if (chosen)
		frame_style(frame, STYLE_CHOSEN);
	for (unsigned column = 0; column < COLUMN_NCOLUMNS; column++) {
		const enum frame_style style = cell_style(row, column);

		if (column)
			frame_text(frame, " ");
		cell_text(row, column, text, sizeof(text));
		if (!chosen && style != STYLE_PLAIN)
			frame_style(frame, style);
		if (column == COLUMN_COMMAND)
			frame_text(frame, text);
		else
			frame_cell(frame, columns[column].width, text);
		if (!chosen && style != STYLE_PLAIN)
			frame_style(frame, STYLE_PLAIN);
	}
	frame_line(frame);
}

static void draw_titles(const struct top *top, struct frame *frame)
{
	frame_style(frame, STYLE_HEAD);
	for (unsigned column = 0; column < COLUMN_NCOLUMNS; column++) {
		char title[16];

		if (column)
			frame_text(frame, " ");
		snprintf(title, sizeof(title), "%s%s", columns[column].title,
			 column == top->order.by && frame->escapes ? top->order.reversed ? "^" : "v"
								   : "");
		frame_cell(frame, columns[column].width, title);
	}
	frame_line(frame);
	frame_style(frame, STYLE_PLAIN);
}

/* Move the window over the table so that the chosen row is in it */
static void scroll_to_chosen(struct top *top, size_t visible)
{
	for (size_t i = 0; i < top->rows.count; i++) {
		if (top->rows.rows[i].task->pid != top->chosen)
			continue;
		if (i < top->first)
			top->first = i;
		else if (visible && i >= top->first + visible)
			top->first = i + 1 - visible;
	}
	if (visible && top->first + visible > top->rows.count)
		top->first = top->rows.count > visible ? top->rows.count - visible : 0;
}

void top_draw_table(struct top *top, struct frame *frame, unsigned below)
{
	draw_titles(top, frame);
	scroll_to_chosen(top,
			 frame->rows > frame->row + below ? frame->rows - frame->row - below : 0);
	for (size_t i = top->first; i < top->rows.count && !frame_full(frame, below); i++)
		draw_row(&top->rows.rows[i], frame, top->rows.rows[i].task->pid == top->chosen);
}
