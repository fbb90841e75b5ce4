/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshot.h - the disk of a sandbox as it is now, whether it runs or not */
#ifndef CLI_IMAGE_SNAPSHOT_H
#define CLI_IMAGE_SNAPSHOT_H

#include "images/store/store.h"

/**
 * struct snapshot - a disk that nobody writes
 * @record:    of the sandbox
 * @below:     what it began as
 * @path:      what was written
 * @temporary: @path is a copy, removed at the end unless it was taken (NULL)
 * @lock:      of the copy
 */
struct snapshot {
	json_t *record;
	struct store_disk below;
	char *path;
	bool temporary;
	int lock;
};

/**
 * snapshot_take() - Look at a sandbox's disk
 * @copy: make a copy in any case
 *
 * A sandbox that runs is stopped for the moment that a copy takes. A disk with a journal that
 * waits to be replayed is mounted once, by a sandbox of its own.
 */
int snapshot_take(const struct store *store, const char *name, bool copy, struct snapshot *snapshot,
		  struct error *err);

void snapshot_drop(struct snapshot *snapshot);

#endif
