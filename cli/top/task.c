// SPDX-License-Identifier: GPL-2.0-only
/* task.c - vitrine top's page about one process: the kernel's view of it, as text
 *
 * Fields are those of "task" in docs/observatory.md. One that is missing or null shows as "-", so
 * that a kernel that knows less, or cannot look without waiting, takes nothing else away.
 */
#include "top.h"

#include <string.h>
#include "vitrine/util.h"

#define LABEL 12

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "-";
}

static uint64_t number_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void label(struct frame *frame, const char *text)
{
	frame_style(frame, STYLE_ACCENT);
	frame_cell(frame, LABEL, text);
	frame_style(frame, STYLE_PLAIN);
}

static void title(struct frame *frame, const char *text, uint64_t count)
{
	frame_line(frame);
	frame_style(frame, STYLE_HEAD);
	frame_printf(frame, count ? "%s (%llu)" : "%s", text, (unsigned long long)count);
	frame_line(frame);
	frame_style(frame, STYLE_PLAIN);
}

static void draw_identity(struct frame *frame, const json_t *json)
{
	const json_t *word;
	size_t i;

	label(frame, "Command");
	if (!json_array_size(json_object_get(json, "cmdline")))
		frame_printf(frame, "[%s]", text_of(json, "comm"));
	json_array_foreach(json_object_get(json, "cmdline"), i, word)
	    frame_printf(frame, i ? " %s" : "%s", json_string_value(word) ?: "?");
	frame_line(frame);
	label(frame, "Program");
	frame_text(frame, text_of(json, "exe"));
	frame_line(frame);
	label(frame, "Directory");
	frame_printf(frame, "%s   root %s", text_of(json, "cwd"), text_of(json, "root"));
	frame_line(frame);
	label(frame, "State");
	frame_printf(frame, "%s   parent %llu   user %s   nice %lld   policy %s   threads %llu",
		     text_of(json, "state"), (unsigned long long)number_of(json, "ppid"),
		     top_user(number_of(json, "uid")),
		     (long long)json_integer_value(json_object_get(json, "nice")),
		     text_of(json, "policy"), (unsigned long long)number_of(json, "threads"));
	frame_line(frame);
}

static void draw_call(struct frame *frame, const json_t *json)
{
	const json_t *value;
	size_t i;

	label(frame, "Call");
	frame_text(frame, text_of(json, "call"));
	if (json_is_array(json_object_get(json, "call_args"))) {
		frame_text(frame, "(");
		json_array_foreach(json_object_get(json, "call_args"), i, value)
		    frame_printf(frame, i ? ", %s" : "%s", json_string_value(value) ?: "?");
		frame_text(frame, ")");
	}
	frame_printf(frame, "   sleeps in %s", text_of(json, "wchan"));
	frame_line(frame);
}

static void draw_use(struct frame *frame, const json_t *json)
{
	const json_t *memory = json_object_get(json, "memory");
	char text[6][QUANTITY_MAX];

	label(frame, "CPU");
	frame_printf(frame, "%.3f s user   %.3f s system   %.3f s waiting for a CPU",
		     (double)number_of(json, "utime_ns") / 1e9,
		     (double)number_of(json, "stime_ns") / 1e9,
		     (double)number_of(json, "run_delay_ns") / 1e9);
	frame_line(frame);
	label(frame, "Counts");
	frame_printf(frame,
		     "%llu+%llu switches (slept, preempted)   %llu+%llu faults (minor, major)",
		     (unsigned long long)number_of(json, "switches_voluntary"),
		     (unsigned long long)number_of(json, "switches_preempted"),
		     (unsigned long long)number_of(json, "faults_minor"),
		     (unsigned long long)number_of(json, "faults_major"));
	frame_line(frame);
	label(frame, "Storage");
	frame_printf(frame, "%s read   %s written",
		     quantity_bytes((double)number_of(json, "read_bytes"), text[0]),
		     quantity_bytes((double)number_of(json, "written_bytes"), text[1]));
	frame_line(frame);
	label(frame, "Memory");
	if (memory && !json_is_null(memory))
		frame_printf(
		    frame,
		    "%s resident   %s at most   %s anonymous   %s file   %s page tables   %s "
		    "virtual",
		    quantity_bytes((double)number_of(memory, "rss_bytes"), text[0]),
		    quantity_bytes((double)number_of(memory, "rss_peak_bytes"), text[1]),
		    quantity_bytes((double)number_of(memory, "anonymous_bytes"), text[2]),
		    quantity_bytes((double)number_of(memory, "file_bytes"), text[3]),
		    quantity_bytes((double)number_of(memory, "page_tables_bytes"), text[4]),
		    quantity_bytes((double)number_of(memory, "vsize_bytes"), text[5]));
	else
		frame_text(frame, "-");
	frame_line(frame);
}

static void draw_stack(struct frame *frame, const json_t *json)
{
	const json_t *entry, *stack = json_object_get(json, "stack");
	size_t i;

	title(frame, "Kernel stack", 0);
	json_array_foreach(stack, i, entry)
	{
		frame_printf(frame, "  %s", text_of(entry, "symbol"));
		frame_line(frame);
	}
}

static void draw_threads(struct frame *frame, const json_t *json)
{
	const json_t *entry, *threads = json_object_get(json, "task_list");
	size_t i;

	if (json_array_size(threads) < 2)
		return;
	title(frame, "Threads", json_array_size(threads));
	json_array_foreach(threads, i, entry)
	{
		frame_printf(frame, "  %6llu  %-16s %-10s %s",
			     (unsigned long long)number_of(entry, "pid"), text_of(entry, "comm"),
			     text_of(entry, "state"), text_of(entry, "call"));
		frame_line(frame);
	}
}

static void draw_descriptors(struct frame *frame, const json_t *json)
{
	const json_t *entry, *list = json_object_get(json, "descriptors");
	size_t i;

	title(frame, "Descriptors", number_of(json, "descriptors_count"));
	json_array_foreach(list, i, entry)
	{
		frame_printf(frame, "  %4llu  %-4s  %s", (unsigned long long)number_of(entry, "fd"),
			     text_of(entry, "access"), text_of(entry, "path"));
		frame_line(frame);
	}
}

static void draw_areas(struct frame *frame, const json_t *json)
{
	const json_t *entry, *list = json_object_get(json, "areas");
	char size[QUANTITY_MAX], rss[QUANTITY_MAX];
	size_t i;

	title(frame, "Memory map", number_of(json, "areas_count"));
	json_array_foreach(list, i, entry)
	{
		const char *path = json_string_value(json_object_get(entry, "path"));

		frame_printf(frame, "  %14s  %s  %6s  %6s  %s", text_of(entry, "start"),
			     text_of(entry, "permissions"),
			     quantity_bytes((double)number_of(entry, "size_bytes"), size),
			     quantity_bytes((double)number_of(entry, "rss_bytes"), rss),
			     path ?: "");
		frame_line(frame);
	}
}

void top_draw_task(const struct top *top, struct frame *frame, uint32_t pid, const json_t *json,
		   const char *why)
{
	frame_style(frame, STYLE_BOLD);
	frame_printf(frame, "Process %u of %s", pid, top->name);
	frame_style(frame, STYLE_PLAIN);
	frame_line(frame);
	frame_line(frame);
	if (!json) {
		frame_text(frame, why);
		frame_line(frame);
		return;
	}
	draw_identity(frame, json);
	draw_call(frame, json);
	draw_use(frame, json);
	draw_stack(frame, json);
	draw_threads(frame, json);
	draw_descriptors(frame, json);
	draw_areas(frame, json);
}
