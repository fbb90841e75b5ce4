/* SPDX-License-Identifier: GPL-2.0-only */
/* learn.h - the first who goes on from a snapshot tells the next ones what is written first */
#ifndef ENGINE_SNAPSHOT_LEARN_H
#define ENGINE_SNAPSHOT_LEARN_H

/**
 * learn_begin() - Have a process beside us that can write the snapshot's list (engine/memory/hot.h)
 * @dir: of the snapshot; stays the caller's
 *
 * Before there is a second thread, and before the supervisor confines itself.
 */
void learn_begin(int dir);

/**
 * learn_tell() - What was copied until now is the list
 *
 * Any thread; only the first call does anything.
 */
void learn_tell(void);

#endif
