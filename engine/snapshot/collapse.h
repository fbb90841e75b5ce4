/* SPDX-License-Identifier: GPL-2.0-only */
/* collapse.h - several layers of memory become one, in a directory that nobody waits for */
#ifndef ENGINE_SNAPSHOT_COLLAPSE_H
#define ENGINE_SNAPSHOT_COLLAPSE_H

#include "vitrine/error.h"

#define COLLAPSE_ABOVE 10 /* layers */

/**
 * snapshot_tidy() - Remove what its state does not name, and collapse a chain that is too long
 * @dir: a directory with a state; whoever reads from it meanwhile holds a shared lock (flock(2)),
 *       and then it is left as it is
 *
 * Return: 0, or -1 with @err: all is as it was.
 */
int snapshot_tidy(int dir, struct error *err);

/**
 * snapshot_flatten() - One layer of memory, and one of each disk
 * @dir: as for snapshot_tidy()
 *
 * Return: 0, or -1 with @err: all is as it was.
 */
int snapshot_flatten(int dir, struct error *err);

/** snapshot_keep_named() - Remove layers of another directory that the state in @dir does not name
 */
void snapshot_keep_named(int dir, int other);

#endif
