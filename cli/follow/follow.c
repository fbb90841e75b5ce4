// SPDX-License-Identifier: GPL-2.0-only
/* follow.c - vitrine follow: one system call on its way through the kernel
 *
 * Asks the guest kernel to follow the next call that matches, waits, and prints it as a tree. The
 * connection is kept meanwhile: when this process ends, the kernel stops waiting.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/common/cli.h"
#include "follow.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "engine/control/rundir.h"
#include "observe/client/client.h"
#include "observe/text/guest_text.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define POLL_MS 50
#define DEPTH_MAX 1000

struct follow_options {
	unsigned pid, min_us, depth, seconds;
	bool json;
};

#define AT(member) offsetof(struct follow_options, member)

static const struct option_spec specs[] = {
	{ 'p', "pid", "PID", option_unsigned, AT(pid), "only calls of this process or thread" },
	{ 'm', "min-us", "N", option_unsigned, AT(min_us), "only calls that take N microseconds" },
	{ 'd', "depth", "N", option_unsigned, AT(depth), "show N levels of functions" },
	{ 't', "timeout", "TIME", option_seconds, AT(seconds), "give up after TIME (10s, 5m)" },
	{ 0, "json", NULL, option_flag, AT(json), "print what the kernel says, as JSON" },
};

static const struct option_set options = {
	"follow [OPTION]... [NAME] CALL",
	"Wait for a system call (its name, its number, or \"any\") in the sandbox NAME, and "
	"show the kernel's functions that it goes through, with their times, and which layers "
	"these belong to.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int parse_call(const char *text, int *call, struct error *err)
{
	char *end;
	long number = strtol(text, &end, 10);

	*call = call_find(text);
	if (!strcmp(text, "any"))
		*call = -1;
	else if (*text && !*end && number >= 0 && number < VT_TELEMETRY_CALLS)
		*call = number;
	else if (*call < 0)
		return error_set(err, 0, "there is no system call '%s'", text);
	return 0;
}

/* Ask until the call is there. Return: the view, NULL with @err filled */
static json_t *wait_for(struct observer *observer, unsigned seconds, struct error *err)
{
	struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	uint64_t polls = seconds ? seconds * (1000ULL / POLL_MS) : UINT64_MAX;
	const char *state;
	json_t *view;
	size_t len;

	while (polls--) {
		cleanup_free char *text =
		    observer_view(observer, VT_VIEW_FOLLOW, 0, 0, NULL, &len, err);

		if (!text)
			return NULL;
		view = json_loadb(text, len, 0, NULL);
		state = json_string_value(json_object_get(view, "state"));
		if (state && !strcmp(state, "done"))
			return view;
		json_decref(view);
		if (!state || !strcmp(state, "off")) {
			error_set(err, 0, "somebody else has ended it");
			return NULL;
		}
		nanosleep(&pause, NULL);
	}
	error_set(err, 0, "no such call within %u second%s", seconds, seconds == 1 ? "" : "s");
	err->code = ETIMEDOUT;
	return NULL;
}

static int print_json(const json_t *view)
{
	cleanup_free char *text = guest_dumps(view, JSON_COMPACT);

	if (text)
		output_text(text);
	return 0;
}

static int follow(const char *name, int call, const struct follow_options *opt, struct error *err)
{
	struct observer *observer = observer_connect(name, err);
	json_t *view = NULL;
	int ret = -1;

	if (!observer)
		return -1;
	if (!observer_follow(observer, call, opt->pid, opt->min_us * 1000ULL, err))
		view = wait_for(observer, opt->seconds, err);
	if (view && opt->json)
		ret = print_json(view);
	else if (view)
		ret = follow_print(stdout, view, opt->depth, err);
	json_decref(view);
	observer_close(observer);
	return ret;
}

int cmd_follow(int argc, char **argv)
{
	struct follow_options opt = { .depth = DEPTH_MAX };
	char only[RUNDIR_NAME_MAX + 1];
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), call;
	const char *name = only;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at != 1 && argc - at != 2)
		at = error_set(&err, 0, "follow takes a name, which can be left out, and a call");
	if (at < 0 || parse_call(argv[argc - 1], &call, &err) < 0)
		return cli_fail(EXIT_USAGE, &err);
	if (argc - at == 2)
		name = argv[at];
	else if (observer_only(only, &err) < 0)
		return cli_fail(EXIT_VITRINE, &err);
	if (!follow(name, call, &opt, &err))
		return 0;
	return cli_fail(err.code == ETIMEDOUT ? EXIT_TIMEOUT : EXIT_VITRINE, &err);
}
