// SPDX-License-Identifier: GPL-2.0-only
/* start.c - sandboxes that go on from files: vitrine resume, run --from, fork, rollback
 *
 * Theory of operation
 * A sandbox goes on in a new process in the background. Of a paused one, that process renames the
 * directory when everything is read and nothing can go wrong any more (engine/snapshot/load.c):
 * from there on the sandbox is the process, and its layers keep their names for as long as it lives
 * (live.c). A
 * snapshot stays, and several can go on from it at once: what each writes to its disks is a layer
 * of its own, over the snapshot's, and gone when it ends.
 */
#include "start.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/run/detach.h"
#include "engine/control/config.h"
#include "engine/snapshot/snapshot.h"
#include "identity.h"
#include "keeper.h"
#include "live.h"
#include "vitrine/util.h"

/* What a clone writes is its own, and goes with it */
static void throw_away(struct sandbox_config *config)
{
	for (unsigned i = 0; i < config->ndisks; i++) {
		struct sandbox_disk *disk = &config->disks[i];

		if (disk->read_only)
			continue;
		disk->overlay = NULL;
		disk->ephemeral = true;
	}
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

static int start(struct sandbox_config *config, const struct layers *layers, bool quiet,
		 struct error *err)
{
	struct detached detached = { .config = config,
				     .beside = keeper_start,
				     .quiet = quiet,
				     .layers = layers ? layers->fds : NULL };
	cleanup_free char *consumed = NULL;
	int status;

	status = run_detached(&detached, err);
	if (detached.pid > 0 && !config->clone)
		consumed = consumed_path(config->resume, detached.pid);
	if (!consumed) {
		if (!status && config->clone)
			live_begin(config->name, detached.pid, config->resume);
		return status;
	}
	if (!status)
		live_become(config->name, detached.pid, consumed);
	else if (rename(consumed, config->resume) && errno != ENOENT)
		return error_set(err, errno, "the paused sandbox is in %s", consumed);
	return status;
}

/* @SAYS: its name; @VIEWED: only to be looked at, and no longer than VIEW_SECONDS */
enum how { SAYS, QUIET, VIEWED };

#define VIEW_SECONDS 600

static int start_from(enum saved kind, const char *from, const struct layers *layers,
		      const char *name, enum how how, struct error *err)
{
	cleanup_free char *path = saved_path(kind, from, err);
	struct stored_config stored = { 0 };
	json_t *json = path ? saved_config(kind, from, err) : NULL;
	int status = -1;

	if (!json)
		return -1;
	if (!config_parse(json, &stored, err)) {
		stored.config.name = name;
		stored.config.detached = true;
		stored.config.tells = true;
		stored.config.resume = path;
		stored.config.clone = kind == SAVED_SNAPSHOT;
		if (stored.config.clone) {
			stored.config.hostname = name;
			stored.config.started = (uint64_t)time(NULL);
			stored.config.net.publish = NULL; /* its source has them */
			throw_away(&stored.config);
		}
		if (how == VIEWED) {
			stored.config.timeout = VIEW_SECONDS;
			stored.config.pause_on_timeout = false;
		}
		stored.config.layers = layers ? layers->count : 0;
		live_sweep();
		status = start(&stored.config, layers, how != SAYS, err);
	}
	config_release(&stored);
	return status;
}

int start_paused(const char *name, struct error *err)
{
	cleanup_close int lock = saved_lock(SAVED_PAUSED, NULL); /* there may be no such place */

	return start_from(SAVED_PAUSED, name, NULL, name, SAYS, err);
}

static int wake(const char *name, struct error *err)
{
	cleanup_close int lock = saved_lock(SAVED_PAUSED, err);
	int status;

	if (lock < 0)
		return -1;
	if (!saved_exists(SAVED_PAUSED, name))
		return 0; /* somebody was faster */
	status = start_from(SAVED_PAUSED, name, NULL, name, QUIET, err);
	return status > 0 ? error_set(err, 0, "the sandbox %s stays paused", name) : status;
}

int client_wake(struct client *client, const char *name, struct error *err)
{
	if (!client_open(client, name, err))
		return 0;
	if (!saved_exists(SAVED_PAUSED, name))
		return -1;
	return wake(name, err) ? -1 : client_open(client, name, err);
}

bool client_lost(const struct client *client)
{
	struct pollfd fd = { .fd = client->fd, .events = POLLRDHUP };

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP)) &&
	       saved_exists(SAVED_PAUSED, client->name);
}

int start_clone(const struct origin *from, const char *name, struct error *err)
{
	if (paused_refuse(name, err))
		return -1;
	return start_from(SAVED_SNAPSHOT, from->snapshot, from->layers, name, SAYS, err)
		   ?: identity_renew(from->snapshot, name, err);
}

int start_view(const char *snapshot, const char *name, struct error *err)
{
	if (paused_refuse(name, err))
		return -1;
	return start_from(SAVED_SNAPSHOT, snapshot, NULL, name, VIEWED, err);
}

int start_name(const char *pattern, const char *stem, unsigned number, unsigned count,
	       char name[RUNDIR_NAME_MAX + 1], struct error *err)
{
	const char *at = pattern ? strchr(pattern, '%') : NULL;
	char text[2 * RUNDIR_NAME_MAX];
	uint16_t random = (uint16_t)getpid();

	if (!pattern && getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random += number;
	if (!pattern)
		snprintf(text, sizeof(text), "%.*s-%04x", RUNDIR_NAME_MAX - 5, stem, random);
	else if (at)
		snprintf(text, sizeof(text), "%.*s%u%s", (int)(at - pattern), pattern, number,
			 at + 1);
	else if (count > 1)
		snprintf(text, sizeof(text), "%s-%u", pattern, number);
	else
		snprintf(text, sizeof(text), "%s", pattern);
	if (!rundir_name_valid(text))
		return error_set(err, 0, "'%s' is not a name for a sandbox", text);
	snprintf(name, RUNDIR_NAME_MAX + 1, "%.*s", RUNDIR_NAME_MAX, text);
	return 0;
}

int start_clones(const struct origin *from, const char *pattern, const char *stem, unsigned count)
{
	char name[RUNDIR_NAME_MAX + 1];
	struct error err = { 0 };
	int status = 0, one;

	for (unsigned i = 1; i <= count; i++) {
		one = start_name(pattern, stem, i, count, name, &err)
			  ?: start_clone(from, name, &err);
		if (one)
			status = one < 0 ? cli_fail(EXIT_VITRINE, &err) : one;
	}
	return status;
}
