/* SPDX-License-Identifier: GPL-2.0-only */
/* move.h - snapshots from and to other machines */
#ifndef CLI_SNAPSHOT_MOVE_MOVE_H
#define CLI_SNAPSHOT_MOVE_MOVE_H

#include "cli/snapshot/state.h"
#include "engine/control/config.h"

int snapshot_export_command(int argc, char **argv);
int snapshot_import_command(int argc, char **argv);

/* The K-th file below disk N's layers: its image, or a layer of that */
#define MOVE_BASE "base%u.%u"

/**
 * move_stamps() - What the disks of a snapshot lie on, here and now
 * @path: its directory, @dir: open
 * @config: gets the layers of its disks
 * @stamps: of each disk, see struct snapshot_disk
 *
 * Return: 0 or -1 with @err. Once in a process.
 */
int move_stamps(const struct saved_state *state, int dir, const char *path,
		struct sandbox_config *config, uint64_t stamps[SANDBOX_DISKS_MAX],
		struct error *err);

/** bases_path() - Where the file of that digest is, below which imported snapshots lie */
char *bases_path(const char *digest, struct error *err);

/**
 * bases_sweep() - Remove those that nothing lies on any more
 *
 * Return: how many bytes that were on the disk, or -1 with @err.
 */
int64_t bases_sweep(struct error *err);

#endif
