// SPDX-License-Identifier: GPL-2.0-only
/* processes.c - the processes of a sandbox, as vitrine ps lists them */

#include <string.h>
#include "cli/common/client.h"
#include "cli/common/output.h"
#include "observe/client/client.h"
#include "ps.h"
#include "vitrine/util.h"

static struct client client = { .fd = -1 };

static void print_pid(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(process, "pid"));
}

static void print_ppid(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(process, "ppid"));
}

static void print_uid(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(process, "uid"));
}

static void print_state(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%s", ps_text(process, "state"));
}

static void print_threads(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(process, "threads"));
}

static void print_rss(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lldK", ps_number(process, "rss") / 1024);
}

static void print_time(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	long long cpu = ps_number(process, "cpu_ns") / 1000000000;

	snprintf(text, FORMAT_TEXT_MAX, "%lld:%02lld", cpu / 60, cpu % 60);
}

static void print_fds(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	const json_t *count = json_object_get(process, "fds");

	if (json_is_integer(count))
		snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(process, "fds"));
	else
		strcpy(text, "-");
}

static void print_name(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	snprintf(text, FORMAT_TEXT_MAX, "%s", ps_text(process, "comm"));
}

/* A kernel thread, and a process that has hidden its arguments, has a name in brackets */
static void print_command(char text[FORMAT_TEXT_MAX], const json_t *process)
{
	const char *command = ps_text(process, "cmdline");

	if (command[0])
		snprintf(text, FORMAT_TEXT_MAX, "%s", command);
	else
		snprintf(text, FORMAT_TEXT_MAX, "[%s]", ps_text(process, "comm"));
}

static const struct format_field fields[] = {
	{ "Pid", print_pid },	      { "Ppid", print_ppid },	    { "Uid", print_uid },
	{ "State", print_state },     { "Threads", print_threads }, { "Fds", print_fds },
	{ "Rss", print_rss },	      { "Time", print_time },	    { "Name", print_name },
	{ "Command", print_command },
};

const struct format_set ps_process_fields = { fields, ARRAY_SIZE(fields) };

/* All processes as one array, or NULL */
static json_t *fetch(const char *name, struct error *err)
{
	json_t *list;
	struct answer answer;
	bool more = true;

	if (client_open(&client, name, err) < 0)
		return NULL;
	if (client_send(&client, json_pack("{s:s}", "op", "ps"), NULL, 0, err) < 0)
		return NULL;
	list = json_array();
	while (more) {
		int ret = client_receive(&client, &answer, err);

		if (ret <= 0) {
			if (ret == 0)
				error_set(err, 0, "the sandbox %s has ended", client.name);
			json_decref(list);
			list = NULL;
			break;
		}
		json_array_extend(list, json_object_get(answer.json, "processes"));
		more = json_is_true(json_object_get(answer.json, "more"));
		json_decref(answer.json);
	}
	client_close(&client);
	return list;
}

/* How many descriptors each has open: a question for each, so only for who wants to know */
static int add_descriptors(const char *name, json_t *list, struct error *err)
{
	struct observer *observer = observer_connect(name, err);
	json_t *process, *view;
	size_t i, len;

	if (!observer)
		return -1;
	json_array_foreach(list, i, process)
	{
		cleanup_free char *text =
		    observer_view(observer, VT_VIEW_TASK, (uint64_t)ps_number(process, "pid"), 0,
				  NULL, &len, NULL);

		/* It may have ended meanwhile */
		view = text ? json_loadb(text, len, 0, NULL) : NULL;
		json_object_set(process, "fds", json_object_get(view, "descriptors_count"));
		json_decref(view);
	}
	observer_close(observer);
	return 0;
}

static void print_row(const struct ps_options *opt, const json_t *process)
{
	static char line[PS_LINE_MAX], command[FORMAT_TEXT_MAX], time[FORMAT_TEXT_MAX];

	print_command(command, process);
	print_time(time, process);
	snprintf(line, sizeof(line), "%7lld %7lld %5lld %-2s %4lld %8lldK %6s  %s",
		 ps_number(process, "pid"), ps_number(process, "ppid"), ps_number(process, "uid"),
		 ps_text(process, "state"), ps_number(process, "threads"),
		 ps_number(process, "rss") / 1024, time, command);
	ps_line(opt, line);
}

int ps_processes(const char *name, const struct ps_options *opt, struct error *err)
{
	json_t *list = fetch(name, err), *process;
	size_t i;

	if (list && opt->format && strcasestr(opt->format, ".Fds") &&
	    add_descriptors(name, list, err) < 0)
		json_decref(steal_ptr(list));
	if (!list)
		return -1;
	if (opt->format) {
		format_rows(&ps_process_fields, opt->format, list);
	} else if (opt->json) {
		output_json(list);
	} else {
		if (!opt->quiet)
			printf("%7s %7s %5s %-2s %4s %9s %6s  %s\n", "PID", "PPID", "UID", "S",
			       "THR", "RSS", "TIME", "COMMAND");
		json_array_foreach(list, i, process)
		{
			if (opt->quiet)
				printf("%lld\n", ps_number(process, "pid"));
			else
				print_row(opt, process);
		}
	}
	json_decref(list);
	return 0;
}
