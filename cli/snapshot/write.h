/* SPDX-License-Identifier: GPL-2.0-only */
/* write.h - have a running sandbox written down: vitrine pause, snapshot, fork */
#ifndef CLI_SNAPSHOT_WRITE_H
#define CLI_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include "cli/common/client.h"
#include "cli/common/saved.h"

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

#endif
