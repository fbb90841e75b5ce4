// SPDX-License-Identifier: GPL-2.0-only
/* wait.c - vitrine wait: until a sandbox has ended, and how it did */

#include <limits.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/options.h"
#include "vitrine/util.h"

static const struct option_set options = {
	"wait NAME...",
	"Wait until sandboxes have ended, and print the exit status of each that was started "
	"with --detach. The status of any other is that of its `vitrine run`.",
	NULL,
	0,
	.anywhere = true,
};

static int wait_for(const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };
	char found[RUNDIR_NAME_MAX + 1];
	json_t *record;

	snprintf(found, sizeof(found), "%s", name);
	if (client_open(&client, name, err) == 0) {
		snprintf(found, sizeof(found), "%s", client.name);
		client_await_end(&client, UINT_MAX);
		client_close(&client);
		error_set(err, 0, "how %s has ended is not known", found);
	}
	record = kept_read(found);
	if (!json_is_integer(json_object_get(record, "status"))) {
		json_decref(record);
		return -1;
	}
	printf("%d\n", (int)json_integer_value(json_object_get(record, "status")));
	json_decref(record);
	return 0;
}

int cmd_wait(int argc, char **argv)
{
	return cli_each(&options, "wait needs the name of a sandbox", wait_for, argc, argv);
}
