// SPDX-License-Identifier: GPL-2.0-only
/* fork.c - vitrine fork and rollback: a snapshot, and what goes on from it, in one command */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/kept.h"
#include "cli/common/options.h"
#include "start.h"
#include "write.h"
#include "vitrine/util.h"

#define CLONES_MAX 10000

struct fork_options {
	unsigned count;
	const char *pattern;
};

#define AT(member) offsetof(struct fork_options, member)

static const struct option_spec specs[] = {
	{ 'n', "count", "N", option_unsigned, AT(count), "start N of them (1)" },
	{ 0, "name", "PATTERN", option_string, AT(pattern), "name them so; % becomes the number" },
};

static const struct option_set options = {
	"fork [OPTION]... NAME",
	"Start others that go on from where a sandbox is now; it goes on, too. Each has a name, a "
	"host name and random numbers of its own, and what it writes is thrown away when it ends.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static const struct option_set rollback_options = {
	"rollback NAME SNAPSHOT",
	"End a sandbox, and let it go on from a snapshot under its name.",
	NULL,
	0,
	.anywhere = true,
};

/*
 * A snapshot that nobody sees for long, and whose memory is that of the source, which stands still
 * for a moment only. Where that cannot be, memory is written.
 */
static int take(struct client *client, const char *snapshot, struct layers *layers,
		struct error *err)
{
	if (!sandbox_freeze(client, snapshot, layers, err))
		return 0;
	if (err->code != ENOTSUP)
		return -1;
	return sandbox_snapshot(client, snapshot, err);
}

static int fork_sandbox(const char *name, const struct fork_options *opt, struct error *err)
{
	static struct client client = { .fd = -1 };
	char snapshot[RUNDIR_NAME_MAX + 1];
	cleanup_free char *path = NULL;
	struct layers layers = { .count = 0 };
	int ret;

	if (client_open(&client, name, err))
		return -1;
	snprintf(snapshot, sizeof(snapshot), SAVED_FORK "%d", getpid());
	path = saved_path(SAVED_SNAPSHOT, snapshot, err);
	ret = path ? take(&client, snapshot, &layers, err) : -1;
	if (!ret) {
		ret = start_clones(&(struct origin){ snapshot, &layers }, opt->pattern, client.name,
				   opt->count);
		saved_remove(path);
	}
	layers_close(&layers);
	client_close(&client);
	return ret;
}

int cmd_fork(int argc, char **argv)
{
	struct fork_options opt = { .count = 1 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), status;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 1 != argc)
		at = error_set(&err, 0, "fork needs the name of a sandbox");
	if (at > 0 && (!opt.count || opt.count > CLONES_MAX))
		at = error_set(&err, 0, "--count: from 1 to %d", CLONES_MAX);
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	status = fork_sandbox(argv[at], &opt, &err);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}

static int rollback(const char *name, const char *snapshot, struct error *err)
{
	static struct client client = { .fd = -1 };
	char found[RUNDIR_NAME_MAX + 1];

	if (!saved_exists(SAVED_SNAPSHOT, snapshot))
		return error_set(err, 0, "there is no snapshot %s", snapshot);
	if (client_open(&client, name, err))
		return -1;
	snprintf(found, sizeof(found), "%s", client.name);
	if (client_end(&client, err))
		return -1;
	client_close(&client);
	kept_remove(found);
	return start_clone(&(struct origin){ snapshot, NULL }, found, err);
}

int cmd_rollback(int argc, char **argv)
{
	struct error err = { 0 };
	int at = options_parse(&rollback_options, NULL, argc, argv, &err), status;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 2 != argc)
		at = error_set(&err, 0, "rollback needs the names of a sandbox and a snapshot");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	status = rollback(argv[at], argv[at + 1], &err);
	return status < 0 ? cli_fail(EXIT_VITRINE, &err) : status;
}
