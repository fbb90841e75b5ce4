/* SPDX-License-Identifier: GPL-2.0-only */
/* extents.h - memory files, and the parts of them that are not zero */
#ifndef ENGINE_SNAPSHOT_EXTENTS_H
#define ENGINE_SNAPSHOT_EXTENTS_H

#include <stdbool.h>
#include "format.h"

/**
 * struct extents_source - a mapped memory file
 * @fd:     to ask where it has pages; its offset is changed
 * @at:     its mapping, @size bytes
 * @unused: is the page at an offset of no interest? NULL: all are
 */
struct extents_source {
	int fd;
	const uint8_t *at;
	uint64_t size;
	bool (*unused)(uint64_t offset);
};

/**
 * extents_save() - Write what is there to a file, and add the section that says where
 * @fd: an empty file; gets everything at the same offset, durably
 *
 * Return: 0 or -1 with @err.
 */
int extents_save(const struct extents_source *source, struct snapshot_writer *writer,
		 enum snapshot_kind kind, int fd, struct error *err);

/**
 * extents_load() - The reverse
 * @fd:   the file; nobody else has it open to write
 * @to:   descriptor of a memory file of @size bytes, which is empty; or -1:
 * @into: its mapping
 *
 * Return: 0 or -1 with @err.
 */
int extents_load(const struct snapshot_file *file, enum snapshot_kind kind, int fd, int to,
		 void *into, uint64_t size, struct error *err);

#endif
