// SPDX-License-Identifier: GPL-2.0-only
/* snapshot.c - vitrine snapshot: write a running sandbox down, and let it go on
 *
 * A sandbox that is called like one of the commands can be named by its process id.
 */
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/complete.h"
#include "cli/common/options.h"
#include "move/move.h"
#include "snapshot.h"
#include "write.h"
#include "vitrine/util.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "ls", snapshot_ls_command },	       { "inspect", snapshot_inspect_command },
	{ "rm", snapshot_rm_command },	       { "export", snapshot_export_command },
	{ "import", snapshot_import_command }, { "fsck", snapshot_fsck_command },
	{ "prune", snapshot_prune_command },   { "flatten", snapshot_flatten_command },
};

static const struct option_set options = {
	"snapshot NAME SNAPSHOT\n"
	"       vitrine snapshot ls | inspect SNAPSHOT | rm SNAPSHOT...\n"
	"       vitrine snapshot export SNAPSHOT FILE|- | import FILE|-\n"
	"       vitrine snapshot flatten SNAPSHOT... | fsck | prune",
	"Write a running sandbox to files, with all that runs in it and all that it has written; "
	"it "
	"goes on. `vitrine run --from` starts others from there, as many as you like; each has a "
	"name, a host name and random numbers of its own.",
	NULL,
	0,
	.anywhere = true,
};

static int take(const char *name, const char *snapshot, struct error *err)
{
	static struct client client = { .fd = -1 };
	int ret;

	if (client_open(&client, name, err))
		return -1;
	ret = sandbox_snapshot(&client, snapshot, err);
	if (!ret)
		puts(snapshot);
	client_close(&client);
	return ret;
}

int cmd_snapshot(int argc, char **argv)
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
	if (at > 0 && at + 2 != argc)
		at = error_set(&err, 0,
			       "snapshot needs the name of a sandbox and one for the snapshot");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	return take(argv[at], argv[at + 1], &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
