// SPDX-License-Identifier: GPL-2.0-only
/* resume.c - vitrine resume: a paused sandbox goes on
 *
 * Theory of operation
 * The sandbox goes on in a new process in the background. When everything is read and nothing can
 * go wrong any more, that process renames the directory (engine/snapshot/load.c): from there on the
 * sandbox is the process, and what is left of the directory is removed here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/paused.h"
#include "cli/run/detach.h"
#include "engine/control/config.h"
#include "engine/snapshot/snapshot.h"
#include "vitrine/util.h"

static const struct option_set options = {
	"resume NAME...",
	"Let paused sandboxes go on, in the background. `vitrine attach` takes over the "
	"streams of the main command. When a sandbox cannot go on here, one line says why, "
	"and it stays paused.",
	NULL,
	0,
	.anywhere = true,
};

/* What an ephemeral disk held is a layer below what is written from now on */
static int find_saved(struct sandbox_config *config, char **saved, struct error *err)
{
	for (unsigned i = 0; i < config->ndisks; i++) {
		struct sandbox_disk *disk = &config->disks[i];
		struct stat st;

		if (!disk->ephemeral || disk->read_only || disk->overlay)
			continue;
		if (asprintf(&saved[i], "%s/disk%u", config->resume, i) < 0) {
			saved[i] = NULL;
			return error_set(err, ENOMEM, "disk %u", i);
		}
		if (!stat(saved[i], &st) && st.st_size)
			disk->saved = saved[i];
	}
	return 0;
}

/* The directory as the process has renamed it, if it has */
static char *consumed_path(const char *path, pid_t pid)
{
	const char *slash = strrchr(path, '/');
	char *consumed = NULL;

	if (!slash || asprintf(&consumed, "%.*s/" SNAPSHOT_CONSUMED, (int)(slash - path), path,
			       slash + 1, pid) < 0)
		return NULL;
	return consumed;
}

static int start(struct sandbox_config *config, struct error *err)
{
	struct detached detached = { .config = config };
	cleanup_free char *consumed = NULL;
	int status;

	status = run_detached(&detached, err);
	consumed = detached.pid > 0 ? consumed_path(config->resume, detached.pid) : NULL;
	if (!consumed)
		return status;
	if (!status)
		paused_remove(consumed);
	else if (rename(consumed, config->resume) && errno != ENOENT)
		return error_set(err, errno, "the paused sandbox is in %s", consumed);
	return status;
}

static int resume_one(const char *name, struct error *err)
{
	char *saved[SANDBOX_DISKS_MAX] = { NULL };
	cleanup_free char *path = paused_path(name, err);
	struct stored_config stored = { 0 };
	json_t *json = path ? paused_config(name, err) : NULL;
	int status = -1;

	if (!json)
		return -1;
	if (!config_parse(json, &stored, err)) {
		stored.config.name = name;
		stored.config.detached = true;
		stored.config.resume = path;
		if (!find_saved(&stored.config, saved, err))
			status = start(&stored.config, err);
	}
	for (unsigned i = 0; i < SANDBOX_DISKS_MAX; i++)
		free(saved[i]);
	config_release(&stored);
	return status;
}

static int run_check(const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };

	if (paused_exists(name) || client_open(&client, name, NULL))
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
		one = run_check(argv[at], &err) ?: resume_one(argv[at], &err);
		if (one)
			status = one < 0 ? cli_fail(EXIT_VITRINE, &err) : one;
	}
	return status;
}
