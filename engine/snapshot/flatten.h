/* SPDX-License-Identifier: GPL-2.0-only */
/* flatten.h - the layers of a disk become one */
#ifndef ENGINE_SNAPSHOT_FLATTEN_H
#define ENGINE_SNAPSHOT_FLATTEN_H

#include <stddef.h>
#include "format.h"

/**
 * flatten_disk() - Make one layer of what several have
 * @dir:    that they are in
 * @layers: of one disk, the lowest first; @count of them, at least one
 * @generation: of the new one, greater than any
 *
 * Return: 0, and the new file is durable and the others are as they were; or -1 with @err.
 */
int flatten_disk(int dir, const struct snapshot_disk_layer *layers, size_t count,
		 uint32_t generation, struct error *err);

#endif
