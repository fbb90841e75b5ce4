// SPDX-License-Identifier: GPL-2.0-only
/* sandboxes.c - the sandboxes that vitrine ps lists
 *
 * The list of running ones is the run directory; each is asked who it is. A socket that nobody
 * serves is removed by the attempt to connect. Those that are paused (cli/common/saved.h) are
 * sandboxes, too: they go on when somebody wants something of them. With --all there are also the
 * records of detached sandboxes that have ended, see cli/common/kept.h.
 */

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/output.h"
#include "cli/common/saved.h"
#include "cli/image/store.h"
#include "engine/control/rundir.h"
#include "ps.h"
#include "vitrine/util.h"

#define PATIENCE 3 /* seconds */

static struct client client = { .fd = -1 };

/* ---- fields ---- */

static void print_name(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	snprintf(text, FORMAT_TEXT_MAX, "%s", ps_text(sandbox, "name"));
}

static void print_pid(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	if (json_object_get(sandbox, "pid"))
		snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(sandbox, "pid"));
	else
		strcpy(text, "-");
}

/* As a person calls it */
static void print_image(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	const char *image = ps_text(sandbox, "image"), *slash = strrchr(image, '/');

	size_t len, suffix = strlen(IMAGE_SUFFIX);

	snprintf(text, FORMAT_TEXT_MAX, "%s", slash ? slash + 1 : image);
	len = strlen(text);
	if (len > suffix && !strcmp(text + len - suffix, IMAGE_SUFFIX))
		text[len - suffix] = '\0';
}

static void print_uptime(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	long long end = ps_number(sandbox, "ended");
	char duration[PS_DURATION_MAX];

	if (!json_object_get(sandbox, "started")) {
		strcpy(text, "-"); /* it does not answer */
		return;
	}
	snprintf(text, FORMAT_TEXT_MAX, "%s",
		 ps_duration((end ? end : time(NULL)) - ps_number(sandbox, "started"), duration));
}

static void print_status(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	const json_t *status = json_object_get(sandbox, "status");
	char duration[PS_DURATION_MAX];

	if (json_is_integer(status))
		snprintf(text, FORMAT_TEXT_MAX, "exited (%lld) %s ago",
			 ps_number(sandbox, "status"),
			 ps_duration(time(NULL) - ps_number(sandbox, "ended"), duration));
	else
		snprintf(text, FORMAT_TEXT_MAX, "%s", ps_text(sandbox, "state"));
}

static void print_created(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	time_t when = ps_number(sandbox, "started");
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(text, FORMAT_TEXT_MAX, "%Y-%m-%d %H:%M:%S %z", &tm);
}

static void print_memory(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lldM", ps_number(sandbox, "memory") >> 20);
}

static void print_cpus(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	snprintf(text, FORMAT_TEXT_MAX, "%lld", ps_number(sandbox, "cpus"));
}

static void print_mode(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	snprintf(text, FORMAT_TEXT_MAX, "%s", ps_text(sandbox, "syscall_mode"));
}

static void print_command(char text[FORMAT_TEXT_MAX], const json_t *sandbox)
{
	const json_t *command = json_object_get(sandbox, "command"), *word;
	size_t used = 0, i;

	json_array_foreach(command, i, word)
	{
		const char *string = json_string_value(word);

		used += snprintf(text + used, FORMAT_TEXT_MAX - used, "%s%s", i ? " " : "",
				 string ? string : "?");
		if (used >= FORMAT_TEXT_MAX - 1)
			break;
	}
}

static const struct format_field fields[] = {
	{ "Name", print_name },	      { "Names", print_name },
	{ "ID", print_name },	      { "Pid", print_pid },
	{ "Image", print_image },     { "Status", print_status },
	{ "Uptime", print_uptime },   { "RunningFor", print_uptime },
	{ "Created", print_created }, { "CreatedAt", print_created },
	{ "Memory", print_memory },   { "Cpus", print_cpus },
	{ "Mode", print_mode },	      { "Command", print_command },
};

const struct format_set ps_sandbox_fields = { fields, ARRAY_SIZE(fields) };

/* ---- the list ---- */

/* What a sandbox says about itself, NULL when it is gone */
static json_t *ask(const char *name)
{
	struct answer answer = { 0 };
	struct error err;

	if (client_open(&client, name, &err) < 0)
		return NULL;
	client_timeout(&client, PATIENCE);
	if (client_call(&client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer, &err) < 0)
		answer.json =
		    json_pack("{s:s, s:i, s:s, s:s}", "name", name, "pid", (int)client_pid(&client),
			      "image", "(does not answer)", "state", "silent");
	else
		json_object_set_new(answer.json, "state", json_string("running"));
	client_close(&client);
	return answer.json;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_socket(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = strlen(RUNDIR_SUFFIX);

	return len > suffix && !strcmp(entry->d_name + len - suffix, RUNDIR_SUFFIX);
}

static json_t *running(struct error *err)
{
	cleanup_close int dir = rundir_open(err);
	struct dirent **entries = NULL;
	json_t *list, *one;
	int count;

	if (dir < 0)
		return NULL;
	count = scandirat(dir, ".", &entries, is_socket, by_name);
	if (count < 0) {
		error_set(err, errno, "run directory");
		return NULL;
	}
	list = json_array();
	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(RUNDIR_SUFFIX)] = '\0';
		one = rundir_name_valid(name) ? ask(name) : NULL;
		if (one)
			json_array_append_new(list, one);
		free(entries[i]);
	}
	free(entries);
	return list;
}

static bool has(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (!strcmp(ps_text(one, "name"), name))
			return true;
	}
	return false;
}

static int add_ended(json_t *list, struct error *err)
{
	json_t *kept = kept_list(err), *one;
	size_t i;

	if (!kept)
		return -1;
	json_array_foreach(kept, i, one)
	{
		if (has(list, ps_text(one, "name")))
			continue;
		json_object_set_new(
		    one, "state",
		    json_string(json_object_get(one, "status") ? "exited" : "killed"));
		json_array_append(list, one);
	}
	json_decref(kept);
	return 0;
}

static int add_paused(json_t *list, struct error *err)
{
	json_t *paused = saved_list(SAVED_PAUSED, err), *one;
	size_t i;

	if (!paused)
		return -1;
	json_array_foreach(paused, i, one)
	{
		json_t *disk = json_array_get(json_object_get(one, "disk"), 0);
		json_t *image = json_object_get(disk, "label");
		json_t *started = json_object_get(one, "started");

		json_array_append_new(
		    list, json_pack("{s:O, s:O, s:O, s:O, s:O, s:s, s:O, s:O}", "name",
				    json_object_get(one, "name"), "image",
				    image ? image : json_object_get(disk, "path"), "command",
				    json_object_get(one, "command"), "memory",
				    json_object_get(one, "memory"), "cpus",
				    json_object_get(one, "cpus"), "state", "paused", "started",
				    started ? started : json_object_get(one, "saved"), "paused",
				    json_object_get(one, "saved")));
	}
	json_decref(paused);
	return 0;
}

/* ---- the table ---- */

static size_t widest(const json_t *list, void (*print)(char *, const json_t *), size_t least)
{
	char text[FORMAT_TEXT_MAX];
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		print(text, one);
		if (strlen(text) > least)
			least = strlen(text);
	}
	return least;
}

static bool any_paused(const json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_object_get(one, "paused"))
			return true;
	}
	return false;
}

static void print_table(const struct ps_options *opt, const json_t *list)
{
	static char line[PS_LINE_MAX], name[FORMAT_TEXT_MAX], pid[FORMAT_TEXT_MAX],
	    image[FORMAT_TEXT_MAX], uptime[FORMAT_TEXT_MAX], status[FORMAT_TEXT_MAX],
	    command[FORMAT_TEXT_MAX];
	int names = (int)widest(list, print_name, 8), images = (int)widest(list, print_image, 8);
	int states = opt->all || any_paused(list) ? (int)widest(list, print_status, 8) : 0;
	json_t *one;
	size_t i;

	snprintf(line, sizeof(line), "%-*s %8s  %-*s %7s  %-*s%s%s", names, "NAME", "PID", images,
		 "IMAGE", "UPTIME", states, states ? "STATUS" : "", states ? "  " : "", "COMMAND");
	ps_line(opt, line);
	json_array_foreach(list, i, one)
	{
		print_name(name, one);
		print_pid(pid, one);
		print_image(image, one);
		print_uptime(uptime, one);
		print_status(status, one);
		command[0] = '\0';
		print_command(command, one);
		snprintf(line, sizeof(line), "%-*s %8s  %-*s %7s  %-*s%s%s", names, name, pid,
			 images, image, uptime, states, states ? status : "", states ? "  " : "",
			 command);
		ps_line(opt, line);
	}
}

int ps_sandboxes(const struct ps_options *opt, struct error *err)
{
	json_t *list = running(err), *one;
	size_t i;

	if (!list || add_paused(list, err) < 0 || (opt->all && add_ended(list, err) < 0))
		return -1;
	if (opt->format) {
		format_rows(&ps_sandbox_fields, opt->format, list);
	} else if (opt->json) {
		output_json(list);
	} else if (opt->quiet) {
		json_array_foreach(list, i, one) puts(ps_text(one, "name"));
	} else {
		print_table(opt, list);
	}
	json_decref(list);
	return 0;
}
