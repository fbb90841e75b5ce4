/* SPDX-License-Identifier: GPL-2.0-only */
/* write.h - have a running sandbox written down: vitrine pause, snapshot, fork */
#ifndef CLI_SNAPSHOT_WRITE_H
#define CLI_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include "cli/common/client.h"
#include "cli/common/saved.h"
#include "engine/sandbox.h"

/**
 * sandbox_snapshot() - Write a sandbox to a snapshot; it goes on
 * @client: connected to it
 * @name:   of the snapshot
 *
 * Return: 0, or -1 with @err: there is no such snapshot.
 */
int sandbox_snapshot(struct client *client, const char *name, struct error *err);

/**
 * sandbox_pause() - Pause a sandbox, and wait for the end of its process
 * @if_idle: not when somebody has asked it for something meanwhile; then @err's code is EBUSY
 *
 * Return: 0, or -1 with @err: it goes on.
 */
int sandbox_pause(struct client *client, bool if_idle, struct error *err);

#define LAYERS_MAX SANDBOX_LAYERS_MAX

/* Layers of memory that are memory, in their order */
struct layers {
	int fds[LAYERS_MAX];
	unsigned count;
};

/**
 * sandbox_freeze() - Have a snapshot of a sandbox that is gone when nobody has its memory any more
 * @name:   of its directory, which has the rest of it, and which the caller removes
 * @layers: set; layers_close()
 *
 * The sandbox stands still for a moment only: no memory is copied or written.
 *
 * Return: 0, or -1 with @err, whose code is ENOTSUP when it cannot be done with this one.
 */
int sandbox_freeze(struct client *client, const char *name, struct layers *layers,
		   struct error *err);

void layers_close(struct layers *layers);

#endif
