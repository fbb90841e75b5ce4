/* SPDX-License-Identifier: GPL-2.0-only */
/* overlay_map.h - which clusters of a disk its overlay holds */
#ifndef ENGINE_DISK_OVERLAY_MAP_H
#define ENGINE_DISK_OVERLAY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fileio.h"

/**
 * struct overlay_map - one bit for each cluster, and what of it is not on the host's disk yet
 * @clusters: bits
 * @pages:    pages of OVERLAY_PAGE bytes that hold them
 * @bits:     little-endian words, changed with atomic operations only
 * @dirty:    for each page: a bit was set since it was captured
 * @shadow:   pages as captured
 * @pending:  for each page: captured and not known to be durable
 *
 * @dirty, @shadow and @pending are NULL for a map that is never written.
 */
struct overlay_map {
	uint64_t clusters;
	size_t pages;
	uint64_t *bits;
	uint8_t *dirty;
	unsigned char *shadow;
	bool *pending;
};

/**
 * overlay_map_init() - Create a map with no bit set
 * @map:      filled
 * @clusters: > 0
 * @durable:  the map will be written
 *
 * Return: 0 or -1 when there is no memory.
 */
int overlay_map_init(struct overlay_map *map, uint64_t clusters, bool durable);

/**
 * overlay_map_free() - Free a map that overlay_map_init() filled, even if it failed
 */
void overlay_map_free(struct overlay_map *map);

/**
 * overlay_map_load() - Read all bits from a file
 *
 * Return: 0 or a negative errno.
 */
int overlay_map_load(struct overlay_map *map, struct file_range *file);

/**
 * overlay_map_run() - How many clusters, from one on, are in the same state
 * @map:   the map
 * @first: cluster to begin with
 * @end:   cluster to stop at, > @first
 * @set:   state of the run
 *
 * Return: 1..@end - @first.
 */
uint64_t overlay_map_run(const struct overlay_map *map, uint64_t first, uint64_t end, bool *set);

/**
 * overlay_map_set() - The clusters @first..@end - 1 are in the overlay now
 *
 * Their data must have been written before.
 */
void overlay_map_set(struct overlay_map *map, uint64_t first, uint64_t end);

/** overlay_map_clear() - The reverse, of a map that is never written */
void overlay_map_clear(struct overlay_map *map, uint64_t first, uint64_t end);

/**
 * overlay_map_capture() - Remember what has changed, to be written once its data are durable
 *
 * Serialised by the caller, as overlay_map_write() and overlay_map_written() are.
 *
 * Return: whether anything is to be written, now or still.
 */
bool overlay_map_capture(struct overlay_map *map);

/**
 * overlay_map_write() - Write what was captured
 *
 * Return: 0 or a negative errno, after which it is still pending.
 */
int overlay_map_write(struct overlay_map *map, struct file_range *file);

/**
 * overlay_map_written() - What was written is durable
 */
void overlay_map_written(struct overlay_map *map);

#endif
