// SPDX-License-Identifier: GPL-2.0-only
/* pause.c - vitrine pause: a sandbox becomes files, and no process */
#include <stdio.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "write.h"

static const struct option_set options = {
	"pause NAME...",
	"Write sandboxes to files, with all that runs in them, and end their processes on the "
	"host. `vitrine resume` lets them go on, also after a restart of the host. A `vitrine "
	"run`, exec or attach of a paused sandbox ends with status 147.",
	NULL,
	0,
	.anywhere = true,
};

static int pause_one(const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };
	int ret;

	if (client_open(&client, name, err))
		return -1;
	ret = sandbox_pause(&client, false, err);
	if (!ret)
		puts(client.name);
	client_close(&client);
	return ret;
}

int cmd_pause(int argc, char **argv)
{
	return cli_each(&options, "pause needs the name of a sandbox", pause_one, argc, argv);
}
