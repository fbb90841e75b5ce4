// SPDX-License-Identifier: GPL-2.0-only
/* cp.c - vitrine cp: copy files into or out of a running sandbox */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/snapshot/start.h"
#include "cp.h"
#include "paths.h"
#include "cli/common/options.h"
#include "engine/control/rundir.h"
#include "vitrine/util.h"

static const struct option_set options = {
	"cp NAME:PATH FILE | FILE NAME:PATH",
	"Copy a file or directory out of the running sandbox NAME or into it. Permissions and "
	"symbolic links are kept; what is copied out belongs to you, what is copied in to "
	"root. A FILE of - is standard output or input. Write ./a:b for a file with a colon "
	"in its name.",
	NULL,
	0,
	.anywhere = true,
};

/* "NAME:PATH" apart: the path, or NULL for a host file. @arg is cut at the colon. */
static char *guest_path(char *arg)
{
	char *colon = strchr(arg, ':');

	if (!colon || memchr(arg, '/', colon - arg))
		return NULL;
	*colon = 0;
	return colon + 1;
}

/* Paths in the guest start at its root */
static char *absolute(const char *path, struct error *err)
{
	return path[0] == '/' ? strdup(path) : cp_join("", path, err);
}

static int copy(char *source, char *guest_source, char *target, char *guest_target,
		struct error *err)
{
	static struct client client = { .fd = -1 };
	cleanup_free char *path = absolute(guest_source ? guest_source : guest_target, err);
	int ret;

	if (!path || client_wake(&client, guest_source ? source : target, err) < 0)
		return -1;
	ret = guest_source ? cp_out(&client, path, target, err) : cp_in(&client, source, path, err);
	client_close(&client);
	return ret;
}

int cmd_cp(int argc, char **argv)
{
	char *source = NULL, *target = NULL, *guest_source = NULL, *guest_target = NULL;
	struct error err = { 0 };
	int at = options_parse(&options, NULL, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at != 2)
		at = error_set(&err, 0, "cp needs a source and a target");
	if (at > 0) {
		source = argv[at];
		target = argv[at + 1];
		guest_source = guest_path(source);
		guest_target = guest_path(target);
		if (!guest_source == !guest_target)
			at = error_set(&err, 0,
				       "exactly one of source and target must be NAME:PATH");
	}
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	return copy(source, guest_source, target, guest_target, &err) < 0
		   ? cli_fail(EXIT_VITRINE, &err)
		   : 0;
}
