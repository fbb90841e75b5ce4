/* SPDX-License-Identifier: GPL-2.0-only */
/* write.h - have a running sandbox written down: vitrine pause, snapshot, fork */
#ifndef CLI_SNAPSHOT_WRITE_H
#define CLI_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include "cli/common/client.h"
#include "cli/common/saved.h"
#include "engine/sandbox.h"

/**
 * sandbox_write() - Write a sandbox to a directory of its own
 * @client:  connected to it
 * @kind:    what the directory is
 * @name:    of that
 * @goes_on: it goes on afterwards; otherwise its process ends
 *
 * Return: 0, or -1 with @err: it goes on, and there is no such directory.
 */
int sandbox_write(struct client *client, enum saved kind, const char *name, bool goes_on,
		  struct error *err);

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
