// SPDX-License-Identifier: GPL-2.0-only
/* template.c - vitrine template: snapshots that were built from a file
 *
 * A template is a snapshot with a file of its own beside the state, which says what it was built
 * from. What can be done with a snapshot can be done with it.
 */
#include "template.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/complete.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "cli/common/saved.h"
#include "vitrine/util.h"

struct ls_options {
	bool json, quiet;
};

#define AT(member) offsetof(struct ls_options, member)

static const struct option_spec ls_specs[] = {
	{ 0, "json", NULL, option_flag, AT(json), "all that is known, as JSON" },
	{ 'q', "quiet", NULL, option_flag, AT(quiet), "names only" },
};

static const struct option_set ls_options = {
	"template ls [OPTION]...",
	"List templates.",
	ls_specs,
	ARRAY_SIZE(ls_specs),
};

static const struct option_set inspect_options = {
	"template inspect TEMPLATE...",
	"Show what templates were built from, as JSON.",
	NULL,
	0,
};

static const struct option_set rm_options = {
	"template rm TEMPLATE...",
	"Remove templates. Sandboxes that were started from them go on.",
	NULL,
	0,
};

static int ls_command(int argc, char **argv)
{
	struct ls_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&ls_options, &opt, argc, argv, &err);
	json_t *list, *one, *all = json_array();
	size_t i;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at != argc)
		at = error_set(&err, 0, "template ls takes no names");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	list = saved_list(SAVED_SNAPSHOT, &err);
	if (!list)
		return cli_fail(EXIT_VITRINE, &err);
	if (!opt.json && !opt.quiet)
		printf("%-20s %-20s %s\n", "TEMPLATE", "FROM", "START");
	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "directory"));
		json_t *template = saved_template(name);

		if (!template)
			continue;
		json_object_set_new(template, "name", json_string(name));
		json_array_append_new(all, template);
		if (opt.quiet)
			puts(name);
		else if (!opt.json)
			printf("%-20s %-20s %s\n", name,
			       json_string_value(json_object_get(template, "from")) ?: "",
			       json_string_value(json_object_get(template, "start")) ?: "");
	}
	if (opt.json)
		output_json(all);
	json_decref(all);
	json_decref(list);
	return 0;
}

static int inspect(const char *name, struct error *err)
{
	json_t *template = saved_template(name);

	if (!template)
		return error_set(err, 0, "there is no template %s", name);
	json_object_set_new(template, "name", json_string(name));
	output_json(template);
	json_decref(template);
	return 0;
}

static int remove_one(const char *name, struct error *err)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);
	json_t *template = path ? saved_template(name) : NULL;

	if (!path)
		return -1;
	if (!template || !saved_remove(path)) {
		json_decref(template);
		return error_set(err, 0, "there is no template %s", name);
	}
	json_decref(template);
	return 0;
}

static int for_each(const struct option_set *set, int (*act)(const char *, struct error *),
		    int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(set, NULL, argc, argv, &err), status = 0;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at == argc)
		at = error_set(&err, 0, "which template?");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (; at < argc; at++) {
		if (act(argv[at], &err))
			status = cli_fail(EXIT_VITRINE, &err);
	}
	return status;
}

static int inspect_command(int argc, char **argv)
{
	return for_each(&inspect_options, inspect, argc, argv);
}

static int rm_command(int argc, char **argv)
{
	return for_each(&rm_options, remove_one, argc, argv);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "build", template_build_command },
	{ "ls", ls_command },
	{ "inspect", inspect_command },
	{ "rm", rm_command },
};

static const struct option_set options = {
	"template build FILE | ls | inspect TEMPLATE... | rm TEMPLATE...",
	"Snapshots that were built from a file: `vitrine run --from TEMPLATE` starts sandboxes "
	"that are ready.",
	NULL,
	0,
};

int cmd_template(int argc, char **argv)
{
	struct error err = { 0 };
	int at;

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, argv[1]))
			return commands[i].run(argc - 1, argv + 1);
	}
	if (complete_words(argc, &commands[0].name, ARRAY_SIZE(commands), sizeof(commands[0])))
		return 0;
	at = options_parse(&options, NULL, argc, argv, &err);
	if (at == OPTIONS_HELP)
		return 0;
	if (at >= 0)
		error_set(&err, 0, "template needs one of: build, ls, inspect, rm");
	return cli_fail(EXIT_USAGE, &err);
}
