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

static const struct option_set ls_options = {
	"template ls [OPTION]...",
	"List templates.",
	cli_list_specs,
	ARRAY_SIZE(cli_list_specs),
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

static int list_all(const struct list_options *how, struct error *err)
{
	json_t *list = saved_list(SAVED_SNAPSHOT, err), *one, *all;
	size_t i;

	if (!list)
		return -1;
	all = json_array();
	if (!how->json && !how->quiet)
		printf("%-20s %-20s %s\n", "TEMPLATE", "FROM", "START");
	json_array_foreach(list, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "directory"));
		json_t *template = saved_template(name);

		if (!template)
			continue;
		json_object_set_new(template, "name", json_string(name));
		json_array_append_new(all, template);
		if (how->quiet)
			puts(name);
		else if (!how->json)
			printf("%-20s %-20s %s\n", name,
			       json_string_value(json_object_get(template, "from")) ?: "",
			       json_string_value(json_object_get(template, "start")) ?: "");
	}
	if (how->json)
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

static int ls_command(int argc, char **argv)
{
	return cli_list(&ls_options, list_all, argc, argv);
}

static int inspect_command(int argc, char **argv)
{
	return cli_each(&inspect_options, "which template?", inspect, argc, argv);
}

static int rm_command(int argc, char **argv)
{
	return cli_each(&rm_options, "which template?", remove_one, argc, argv);
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
