/* SPDX-License-Identifier: GPL-2.0-only */
/* disks.h - what is written to disks, as the files of its generations */
#ifndef ENGINE_SNAPSHOT_DISKS_H
#define ENGINE_SNAPSHOT_DISKS_H

#include <stdbool.h>
#include "engine/sandbox.h"
#include "format.h"
#include "layers.h"

#define DISKS_FILE "disk%u.%u"

/**
 * disks_open() - Have the layers of a sandbox that goes on
 * @dir: has them, @path is its name
 * @config: gets their names (sandbox_disk.saved)
 *
 * Return: 0 or -1 with @err.
 */
int disks_open(const struct snapshot_file *file, int dir, const char *path,
	       struct sandbox_config *config, struct error *err);

/**
 * disks_save() - Write what no named layer has to new ones
 * @fds: an empty file for each disk
 * @goes_on: it is a snapshot, which is of all disks that can be written to
 * @durable: all are afterwards
 *
 * Return: 0, or -1 with @err.
 */
int disks_save(struct snapshot_writer *writer, const struct layers_wish *wish, const int *fds,
	       bool goes_on, bool durable, struct error *err);

/**
 * disks_end() - What was saved is whole, and the sandbox goes on
 * @fds: as disks_save() got them; those that are needed are taken over, and -1 afterwards
 * @durable: likewise
 */
void disks_end(int *fds, bool durable);

#endif
