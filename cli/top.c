// SPDX-License-Identifier: GPL-2.0-only
/* top.c - vitrine top: watch a sandbox work */

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/top.h"
#include "engine/rundir.h"
#include "observe/client.h"
#include "vitrine/util.h"

struct top_options {
	bool once, json;
};

#define AT(member) offsetof(struct top_options, member)

static const struct option_spec specs[] = {
	{ 0, "once", NULL, option_flag, AT(once), "print once and end" },
	{ 0, "json", NULL, option_flag, AT(json), "print JSON: all counters as they are" },
};

static const struct option_set options = {
	"top [OPTION]... [NAME]",
	"Watch a running sandbox: its tasks, system calls, faults and I/O.",
	specs,
	ARRAY_SIZE(specs),
	true,
};

/*
 * Counters that are on already are only looked at: to be counted among the observers and leave
 * again would switch off what a sandbox was started with.
 */
static int attach(struct observer *observer, struct error *err)
{
	struct observe_wishes wishes = { .capture = -1 };
	struct region_head head;

	if (observer_wish(observer, &wishes, err) < 0)
		return -1;
	region_head(observer_region(observer), &head);
	if (head.enabled & VT_OBSERVE_COUNTERS)
		return 0;
	wishes.counters = wishes.sampler = true;
	return observer_wish(observer, &wishes, err);
}

static int print_once(struct observer *observer, const char *name, struct error *err)
{
	json_t *json;

	if (attach(observer, err) < 0)
		return -1;
	json = top_json(name, observer_region(observer));
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
	return 0;
}

int cmd_top(int argc, char **argv)
{
	char name[RUNDIR_NAME_MAX + 1];
	struct top_options opt = { 0 };
	struct observer *observer;
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at > 1)
		at = error_set(&err, 0, "top takes at most one name");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (at < argc)
		snprintf(name, sizeof(name), "%s", argv[at]);
	else if (observer_only(name, &err) < 0)
		return cli_fail(EXIT_VITRINE, &err);
	observer = observer_connect(name, &err);
	if (!observer)
		return cli_fail(EXIT_VITRINE, &err);
	ret = print_once(observer, name, &err);
	observer_close(observer);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
