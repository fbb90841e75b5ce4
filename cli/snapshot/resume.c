// SPDX-License-Identifier: GPL-2.0-only
/* resume.c - vitrine resume: a paused sandbox goes on */
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "start.h"

static const struct option_set options = {
	"resume NAME...",
	"Let paused sandboxes go on, in the background. `vitrine attach` takes over the "
	"streams of the main command. When a sandbox cannot go on here, one line says why, "
	"and it stays paused.",
	NULL,
	0,
	.anywhere = true,
};

static int run_check(const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };

	if (saved_exists(SAVED_PAUSED, name) || client_open(&client, name, NULL))
		return 0;
	error_set(err, 0, "the sandbox %s is not paused, it runs", client.name);
	client_close(&client);
	return -1;
}

int cmd_resume(int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(&options, NULL, argc, argv, &err), status = 0, one;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at == argc)
		at = error_set(&err, 0, "resume needs the name of a paused sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (; at < argc; at++) {
		one = run_check(argv[at], &err) ?: start_paused(argv[at], &err);
		if (one)
			status = one < 0 ? cli_fail(EXIT_VITRINE, &err) : one;
	}
	return status;
}
