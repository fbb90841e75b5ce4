// SPDX-License-Identifier: GPL-2.0-only
/* ps.c - vitrine ps: list running sandboxes, or the processes of one
 *
 * The list of sandboxes is the run directory; each is asked who it is. A socket that nobody serves
 * is removed by the attempt to connect.
 */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "engine/control/rundir.h"
#include "vitrine/util.h"

#define PATIENCE 3 /* seconds */
#define DURATION_MAX 24

struct ps_options {
	bool json, quiet;
};

#define AT(member) offsetof(struct ps_options, member)

static const struct option_spec specs[] = {
	{ 0, "json", NULL, option_flag, AT(json), "print JSON" },
	{ 'q', "quiet", NULL, option_flag, AT(quiet), "print names (process ids) only" },
};

static const struct option_set options = {
	"ps [OPTION]... [NAME]",
	"List running sandboxes, or the processes of the sandbox NAME.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static struct client client = { .fd = -1 };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* "12s", "3m", "5h", "2d": the largest unit that fits */
static const char *duration(long long seconds, char buf[DURATION_MAX])
{
	static const struct {
		long long length;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };

	for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= units[i].length) {
			snprintf(buf, DURATION_MAX, "%lld%c", seconds / units[i].length,
				 units[i].unit);
			return buf;
		}
	}
	snprintf(buf, DURATION_MAX, "%llds", seconds < 0 ? 0 : seconds);
	return buf;
}

/* Control characters of a command line would reach the user's terminal */
static void print_safe(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void sandbox_print(const json_t *info)
{
	const char *image = text_of(info, "image");
	const char *slash = strrchr(image, '/');
	const json_t *command = json_object_get(info, "command");
	char uptime[DURATION_MAX];

	printf("%-20s %8lld  %-16s %7s  ", text_of(info, "name"), number_of(info, "pid"),
	       slash ? slash + 1 : image,
	       duration(time(NULL) - number_of(info, "started"), uptime));
	for (size_t i = 0; i < json_array_size(command); i++) {
		const char *word = json_string_value(json_array_get(command, i));

		if (i)
			putchar(' ');
		print_safe(word ? word : "?");
	}
	putchar('\n');
}

/* What the sandbox says about itself, NULL when it is gone or does not answer */
static json_t *sandbox_info(const char *name)
{
	struct answer answer = { 0 };
	struct error err;

	if (client_open(&client, name, &err) < 0)
		return NULL;
	client_timeout(&client, PATIENCE);
	if (client_call(&client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer, &err) < 0)
		answer.json = json_pack("{s:s, s:i, s:s}", "name", name, "pid",
					(int)client_pid(&client), "image", "(does not answer)");
	client_close(&client);
	return answer.json;
}

static int sandboxes_list(const struct ps_options *opt, struct error *err)
{
	json_t *list = json_array();
	struct dirent *entry;
	int fd = rundir_open(err);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return fd < 0 ? -1 : error_set(err, errno, "run directory");
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), suffix = strlen(RUNDIR_SUFFIX);

		if (len <= suffix || strcmp(entry->d_name + len - suffix, RUNDIR_SUFFIX))
			continue;
		entry->d_name[len - suffix] = 0;
		if (rundir_name_valid(entry->d_name))
			json_array_append_new(list, sandbox_info(entry->d_name));
	}
	closedir(dir);
	if (opt->json) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!opt->quiet) {
		printf("%-20s %8s  %-16s %7s  %s\n", "NAME", "PID", "IMAGE", "UPTIME", "COMMAND");
	}
	for (size_t i = 0; !opt->json && i < json_array_size(list); i++) {
		if (opt->quiet)
			puts(text_of(json_array_get(list, i), "name"));
		else
			sandbox_print(json_array_get(list, i));
	}
	json_decref(list);
	return 0;
}

static void process_print(const json_t *process)
{
	long long cpu = number_of(process, "cpu_ns") / 1000000000;

	printf("%7lld %7lld %5lld %-2s %4lld %8lldK %3lld:%02lld  ", number_of(process, "pid"),
	       number_of(process, "ppid"), number_of(process, "uid"), text_of(process, "state"),
	       number_of(process, "threads"), number_of(process, "rss") / 1024, cpu / 60, cpu % 60);
	if (text_of(process, "cmdline")[0]) {
		print_safe(text_of(process, "cmdline"));
	} else {
		putchar('[');
		print_safe(text_of(process, "comm"));
		putchar(']');
	}
	putchar('\n');
}

/* All processes as one array, or NULL */
static json_t *processes_fetch(const char *name, struct error *err)
{
	json_t *list;
	struct answer answer;
	bool more = true;

	if (client_open(&client, name, err) < 0 ||
	    client_send(&client, json_pack("{s:s}", "op", "ps"), NULL, 0, err) < 0)
		return NULL;
	list = json_array();
	while (more) {
		int ret = client_receive(&client, &answer, err);

		if (ret <= 0) {
			if (ret == 0)
				error_set(err, 0, "the sandbox %s has ended", name);
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

static int processes_list(const char *name, const struct ps_options *opt, struct error *err)
{
	json_t *list = processes_fetch(name, err);

	if (!list)
		return -1;
	if (opt->json) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!opt->quiet) {
		printf("%7s %7s %5s %-2s %4s %9s %6s  %s\n", "PID", "PPID", "UID", "S", "THR",
		       "RSS", "TIME", "COMMAND");
	}
	for (size_t i = 0; !opt->json && i < json_array_size(list); i++) {
		if (opt->quiet)
			printf("%lld\n", number_of(json_array_get(list, i), "pid"));
		else
			process_print(json_array_get(list, i));
	}
	json_decref(list);
	return 0;
}

int cmd_ps(int argc, char **argv)
{
	struct ps_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);
	int ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at > 1)
		at = error_set(&err, 0, "ps takes at most one name");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = argc - at == 1 ? processes_list(argv[at], &opt, &err) : sandboxes_list(&opt, &err);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
