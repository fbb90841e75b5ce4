// SPDX-License-Identifier: GPL-2.0-only
/* verb.c - verbs that are alike: lists, and what is done to each of some names */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "vitrine/util.h"

#define AT(member) offsetof(struct list_options, member)

const struct option_spec cli_list_specs[2] = {
	{ 0, "json", NULL, option_flag, AT(json), "as JSON" },
	{ 'q', "quiet", NULL, option_flag, AT(quiet), "names only" },
};

int cli_list(const struct option_set *set,
	     int (*list)(const struct list_options *how, struct error *err), int argc, char **argv)
{
	const int verb = (int)(strstr(set->synopsis, " [") - set->synopsis);
	struct list_options how = { 0 };
	struct error err = { 0 };
	int at = options_parse(set, &how, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at != argc)
		at = error_set(&err, 0, "%.*s takes no names", verb, set->synopsis);
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	return list(&how, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}

int cli_each(const struct option_set *set, const char *missing,
	     int (*act)(const char *name, struct error *err), int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(set, NULL, argc, argv, &err), status = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at == argc)
		at = error_set(&err, 0, "%s", missing);
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (; at < argc; at++) {
		if (act(argv[at], &err))
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}
