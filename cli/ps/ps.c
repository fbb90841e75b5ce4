// SPDX-License-Identifier: GPL-2.0-only
/* ps.c - vitrine ps: list sandboxes, or the processes of one; show a process */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "engine/jobs/terminal.h"
#include "lib/plain.h"
#include "ps.h"
#include "vitrine/util.h"

#define AT(member) offsetof(struct ps_options, member)

static const struct option_spec specs[] = {
	{ 'a', "all", NULL, option_flag, AT(all), "list detached sandboxes that have ended, too" },
	{ 0, "format", "FORMAT", option_string, AT(format),
	  "print a line for each, as FORMAT says" },
	{ 0, "json", NULL, option_flag, AT(json), "print JSON" },
	{ 'q', "quiet", NULL, option_flag, AT(quiet), "print names (process ids) only" },
	{ 'w', "wide", NULL, option_flag, AT(wide), "do not cut lines to the terminal's width" },
	{ 0, "no-trunc", NULL, option_flag, AT(wide), NULL }, /* docker's name for it */
};

static const struct option_set options = {
	"ps [OPTION]... [NAME [PID]]",
	"List sandboxes that run or are paused, or the processes of the sandbox NAME. With PID, "
	"show what that process does or waits for: its call, where in the kernel it sleeps, its "
	"threads and files; with --json all that the kernel knows of it.\n\n"
	"FORMAT is a template as docker has them, such as '{{.Name}} {{.Status}}', or json. After "
	"\"table \" it gets a heading. Sandboxes have the fields Name, Pid, Image, Status, "
	"Uptime, Created, Memory, Cpus and Command; processes have Pid, Ppid, Uid, State, "
	"Threads, Fds, Rss, Time, Name and Command.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

const char *ps_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "?";
}

long long ps_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *ps_duration(long long seconds, char text[PS_DURATION_MAX])
{
	static const struct {
		long long length;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };

	for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= units[i].length) {
			snprintf(text, PS_DURATION_MAX, "%lld%c", seconds / units[i].length,
				 units[i].unit);
			return text;
		}
	}
	snprintf(text, PS_DURATION_MAX, "%llds", seconds < 0 ? 0 : seconds);
	return text;
}

void ps_line(const struct ps_options *opt, const char *text)
{
	size_t size = 4 * strlen(text) + 1, len, at = 0;
	cleanup_free char *shown = malloc(size);
	unsigned column = 0;

	if (!shown)
		return;
	len = plain_copy(shown, size, text, size);
	while (at < len) {
		/* A character of several bytes is taken for one column */
		column += (shown[at] & 0xc0) != 0x80;
		if (opt->columns && column > opt->columns)
			break;
		at++;
	}
	shown[at] = '\0';
	puts(shown);
}

static int check(const struct ps_options *opt, int operands, const char *pid, unsigned *number,
		 struct error *err)
{
	if (operands > 2)
		return error_set(err, 0, "ps takes a name and a process id at most");
	if (operands == 2 && (option_unsigned(number, pid, NULL) || !*number))
		return error_set(err, 0, "'%s' is not a process id", pid);
	if (operands == 2 && (opt->format || opt->quiet))
		return error_set(err, 0, "one process is shown as text, or with --json");
	if (!opt->format)
		return 0;
	return format_check(operands ? &ps_process_fields : &ps_sandbox_fields, opt->format, err);
}

int cmd_ps(int argc, char **argv)
{
	struct ps_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), ret;
	const int operands = argc - at;
	uint16_t rows, columns;
	unsigned pid = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && check(&opt, operands, operands == 2 ? argv[at + 1] : NULL, &pid, &err) < 0)
		at = -1;
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (!opt.wide && isatty(STDOUT_FILENO)) {
		terminal_size(&rows, &columns);
		opt.columns = columns;
	}
	if (pid)
		ret = ps_process(argv[at], pid, &opt, &err);
	else
		ret = operands ? ps_processes(argv[at], &opt, &err) : ps_sandboxes(&opt, &err);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
