/* SPDX-License-Identifier: GPL-2.0-only */
/* start.h - sandboxes that go on from files: vitrine resume, run --from, fork, rollback */
#ifndef CLI_SNAPSHOT_START_H
#define CLI_SNAPSHOT_START_H

#include "cli/common/client.h"
#include "cli/common/saved.h"
#include "engine/control/rundir.h"
#include "write.h"

/**
 * start_paused() - A paused sandbox goes on, in the background, and is paused no longer
 *
 * Return: 0; a status of the new process, which has said why; or -1 with @err. It stays paused
 * unless it is 0.
 */
int start_paused(const char *name, struct error *err);

/**
 * client_wake() - As client_open(); a sandbox that is paused goes on for it
 *
 * Of several that come at once, one lets it go on.
 */
int client_wake(struct client *client, const char *name, struct error *err);

/**
 * client_lost() - Has the sandbox been paused before it did anything for us?
 *
 * It is when the connection has ended, and it answered nothing on it: then client_wake() again.
 */
bool client_lost(const struct client *client);

/**
 * struct origin - what a sandbox goes on from
 * @snapshot: name of a snapshot
 * @layers:   its memory, when that is not in its directory; or NULL
 */
struct origin {
	const char *snapshot;
	const struct layers *layers;
};

/**
 * start_clone() - Another sandbox goes on from a snapshot, in the background
 * @name: of the sandbox, and its host name
 *
 * Return: as start_paused(). The snapshot stays as it is.
 */
int start_clone(const struct origin *from, const char *name, struct error *err);

/**
 * start_view() - The same, for somebody who looks at it and ends it; a while later it ends by
 * itself
 *
 * Nothing in it is made its own, and nothing is printed.
 */
int start_view(const char *snapshot, const char *name, struct error *err);

/**
 * start_name() - The name of one of several clones
 * @pattern: with a % for the number; without one it is appended when there are several. NULL: made
 *           from @stem and a few random digits
 * @number:  1 to @count
 *
 * Return: 0, or -1 with @err when that is no name.
 */
int start_name(const char *pattern, const char *stem, unsigned number, unsigned count,
	       char name[RUNDIR_NAME_MAX + 1], struct error *err);

/**
 * start_clones() - Several of them
 *
 * Return: 0, or the status to exit with, when what was wrong has been said.
 */
int start_clones(const struct origin *from, const char *pattern, const char *stem, unsigned count);

#endif
