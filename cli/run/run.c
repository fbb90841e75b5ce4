// SPDX-License-Identifier: GPL-2.0-only
/* run.c - vitrine run: start a sandbox and run a command in it */

#include "cli/common/cli.h"
#include "detach.h"
#include "options.h"

int cmd_run(int argc, char **argv)
{
	struct run_options options;
	struct error err = { 0 };
	int parsed, status = -1;

	parsed = run_options_parse(&options, argc, argv, &err);
	if (parsed < 0)
		status = cli_fail(EXIT_USAGE, &err);
	else if (parsed == OPTIONS_HELP)
		status = 0;
	else if (run_options_resolve(&options, &err))
		status = cli_fail(EXIT_VITRINE, &err);
	else {
		status = options.config.detached ? run_detached(&options, &err)
						 : sandbox_run(&options.config, &err);
		if (status < 0)
			status = cli_fail(EXIT_VITRINE, &err);
	}

	run_options_free(&options);
	return status;
}
