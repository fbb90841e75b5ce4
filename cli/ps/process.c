// SPDX-License-Identifier: GPL-2.0-only
/* process.c - one process of a sandbox, as its kernel sees it: what it does, or waits for */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/common/output.h"
#include "observe/client/client.h"
#include "ps.h"
#include "vitrine/util.h"

static const struct ps_options *options;

/* What guests have chosen is among it: ps_line() makes it plain */
static void __attribute__((format(printf, 2, 3))) line(const char *label, const char *format, ...)
{
	static char text[PS_LINE_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "%-8s ", label);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - len, format, args);
	va_end(args);
	ps_line(options, text);
}

static void join(char text[PS_LINE_MAX], const json_t *words, const char *between)
{
	const json_t *word;
	size_t i, len = 0;

	text[0] = '\0';
	json_array_foreach(words, i, word)
	{
		if (len < PS_LINE_MAX)
			len += (size_t)snprintf(text + len, PS_LINE_MAX - len, "%s%s",
						i ? between : "", json_string_value(word) ?: "?");
	}
}

static void print_state(const json_t *task)
{
	static char args[PS_LINE_MAX];
	const char *call = json_string_value(json_object_get(task, "call"));
	const char *wchan = json_string_value(json_object_get(task, "wchan"));

	join(args, json_object_get(task, "call_args"), ", ");
	line("state", "%s%s%s%s%s%s%s%s", ps_text(task, "state"), call ? " in " : "", call ?: "",
	     call ? "(" : "", call ? args : "", call ? ")" : "", wchan ? ", waits in " : "",
	     wchan ?: "");
}

static void print_use(const json_t *task)
{
	line("", "user %lld, parent %lld, threads %lld, in %s", ps_number(task, "uid"),
	     ps_number(task, "ppid"), ps_number(task, "threads"), ps_text(task, "cwd"));
	line("use", "%.3f s user, %.3f s system, %.3f s waiting for a CPU, %lldK resident",
	     (double)ps_number(task, "utime_ns") / 1e9, (double)ps_number(task, "stime_ns") / 1e9,
	     (double)ps_number(task, "run_delay_ns") / 1e9, ps_number(task, "rss_bytes") / 1024);
}

static void print_stack(const json_t *stack)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(stack, i, entry)
	{
		const char *symbol = ps_text(entry, "symbol");

		line(i ? "" : "kernel", "%.*s", (int)strcspn(symbol, "+"), symbol);
	}
}

static void print_threads(const json_t *threads)
{
	const json_t *entry;
	size_t i;

	if (json_array_size(threads) < 2)
		return;
	json_array_foreach(threads, i, entry)
	    line(i ? "" : "threads", "%lld %s: %s in %s", ps_number(entry, "pid"),
		 ps_text(entry, "comm"), ps_text(entry, "state"), ps_text(entry, "call"));
}

static void print_descriptors(const json_t *descriptors)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(descriptors, i, entry)
	    line(i ? "" : "files", "%lld %s %s", ps_number(entry, "fd"), ps_text(entry, "access"),
		 ps_text(entry, "path"));
}

static void print_task(const json_t *task)
{
	static char words[PS_LINE_MAX];

	join(words, json_object_get(task, "cmdline"), " ");
	line("process", "%lld %s: %s", ps_number(task, "pid"), ps_text(task, "comm"), words);
	print_use(task);
	print_state(task);
	print_stack(json_object_get(task, "stack"));
	print_threads(json_object_get(task, "task_list"));
	print_descriptors(json_object_get(task, "descriptors"));
}

int ps_process(const char *name, unsigned pid, const struct ps_options *opt, struct error *err)
{
	struct observer *observer = observer_connect(name, err);
	cleanup_free char *text = NULL;
	json_t *task;
	size_t len;

	if (!observer)
		return -1;
	text = observer_view(observer, VT_VIEW_TASK, pid, 0, NULL, &len, err);
	observer_close(observer);
	if (!text && err->code == ESRCH)
		return error_set(err, 0, "there is no process %u in the sandbox %s", pid, name);
	task = text ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (text && !json_is_object(task))
		error_set(err, 0, "the guest's kernel answers with something that is no JSON");
	if (!json_is_object(task)) {
		json_decref(task);
		return -1;
	}
	options = opt;
	if (opt->json)
		output_json(task);
	else
		print_task(task);
	json_decref(task);
	return 0;
}
