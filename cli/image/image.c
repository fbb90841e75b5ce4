// SPDX-License-Identifier: GPL-2.0-only
/* image.c - vitrine image: make, get, list, inspect and remove images */

#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/complete.h"
#include "image.h"
#include "vitrine/util.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "build", image_build_command, "build an image: mini or debian" },
	{ "pull", image_pull_command, "pull an image from a registry" },
	{ "import", image_import_command, "import an OCI layout, an archive or a directory" },
	{ "ls", image_ls_command, "list images" },
	{ "inspect", image_inspect_command, "show what is known about an image" },
	{ "lock", image_lock_command, "refuse pulls that would change an image" },
	{ "export", image_export_command, "write an image as a tar, an OCI layout or a disk" },
	{ "rm", image_rm_command, "remove images" },
	{ "disks", image_disks_command, "list the disks that sandboxes have kept" },
	{ "prune", image_prune_command, "remove what no image and no sandbox has any more" },
};

static void usage(FILE *out)
{
	fputs("Usage: vitrine image COMMAND [OPTION]... [NAME]...\n\nCommands:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'vitrine help image COMMAND' shows a command's options.\n", out);
}

int cmd_image(int argc, char **argv)
{
	struct error err = { 0 };
	const char *near;

	if (complete_words(argc, &commands[0].name, ARRAY_SIZE(commands), sizeof(commands[0])))
		return 0;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, argv[1]))
			return commands[i].run(argc - 1, argv + 1);
	}
	near = cli_suggest(argv[1], &commands[0].name, ARRAY_SIZE(commands), sizeof(commands[0]));
	error_set(&err, 0, "'image %s' is not a command%s%s%s", argv[1],
		  near ? "; did you mean 'image " : "", near ? near : "", near ? "'?" : "");
	return cli_fail(EXIT_USAGE, &err);
}
