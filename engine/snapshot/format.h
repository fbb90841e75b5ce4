/* SPDX-License-Identifier: GPL-2.0-only */
/* format.h - the file that says what a paused sandbox is: its head and its sections
 *
 * docs/snapshot-format.md describes it for others. All numbers are little-endian. The head is
 * written last: a file without one is what somebody left who did not finish.
 */
#ifndef ENGINE_SNAPSHOT_FORMAT_H
#define ENGINE_SNAPSHOT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"

#define SNAPSHOT_MAGIC "VTSNAP\r\n"
#define SNAPSHOT_VERSION 1
#define SNAPSHOT_PAGE 4096U
#define SNAPSHOT_SECTIONS_MAX 64
#define SNAPSHOT_STATE_MAX (256UL << 20) /* bytes of the whole file */

enum snapshot_kind {
	SNAPSHOT_MACHINE = 1, /* struct snapshot_machine */
	SNAPSHOT_CPU,	      /* struct snapshot_cpu */
	SNAPSHOT_DEVICES,     /* struct virtio_saved for each device */
	SNAPSHOT_DISKS,	      /* struct snapshot_disk for each disk */
	SNAPSHOT_JOBS,	      /* struct snapshot_jobs */
	SNAPSHOT_STREAM,      /* of the main job: 0, 1, 2; struct snapshot_stream and bytes */
	SNAPSHOT_LOG = SNAPSHOT_STREAM + 3, /* of the kernel, of the main job; text */
	SNAPSHOT_MEMORY = SNAPSHOT_LOG + 2, /* struct snapshot_extent, of the file `memory` */
	SNAPSHOT_TELEMETRY,		    /* likewise of the file `telemetry` */
	SNAPSHOT_NKINDS,
};

/* Of bytes of a file that are not zero: in order, apart, whole pages */
struct snapshot_extent {
	uint64_t offset, length;
};

/**
 * struct snapshot_head - the first bytes of the file; the rest of its page is zero
 * @length:   of the whole file
 * @count:    of sections, each of a kind of its own
 * @crc:      CRC-32 of everything above, and of what @sections has
 */
struct snapshot_head {
	char magic[8];
	uint32_t version, count;
	uint64_t length;
	struct snapshot_entry {
		uint32_t kind, crc; /* CRC-32 of its bytes */
		uint64_t offset, length;
	} sections[SNAPSHOT_SECTIONS_MAX];
	uint32_t crc;
};

/**
 * struct snapshot_writer - a file that is being put together in memory
 * @failed: there was no memory
 */
struct snapshot_writer {
	struct snapshot_head head;
	uint8_t *data;
	size_t len, room;
	bool failed;
};

/** snapshot_begin() - An empty file */
void snapshot_begin(struct snapshot_writer *writer);

/** snapshot_add() - One more section; none twice */
void snapshot_add(struct snapshot_writer *writer, enum snapshot_kind kind, const void *data,
		  size_t len);

/** snapshot_append() - More of the section that was added last */
void snapshot_append(struct snapshot_writer *writer, const void *data, size_t len);

/**
 * snapshot_write() - Write everything but the head, durably
 * @fd: an empty file
 *
 * Return: 0, or -1 with @err.
 */
int snapshot_write(struct snapshot_writer *writer, int fd, struct error *err);

/**
 * snapshot_commit() - Write the head, durably: from here on the file is one
 */
int snapshot_commit(struct snapshot_writer *writer, int fd, struct error *err);

void snapshot_end(struct snapshot_writer *writer);

/**
 * struct snapshot_file - a file that was read
 * @data: all of it
 */
struct snapshot_file {
	const struct snapshot_head *head;
	const uint8_t *data;
	size_t len;
};

/**
 * snapshot_parse() - Check a file, which may be anything
 * @data: @len bytes, which stay the caller's and must not change; aligned as malloc() does it
 *
 * Return: 0 or -1 with @err.
 */
int snapshot_parse(const void *data, size_t len, struct snapshot_file *file, struct error *err);

/**
 * snapshot_section() - The bytes of a section
 *
 * Return: @len bytes, aligned to 8, or NULL when there is no such section.
 */
const void *snapshot_section(const struct snapshot_file *file, enum snapshot_kind kind,
			     size_t *len);

/**
 * snapshot_extents() - A section of extents, checked
 * @size:  of the file that they are of: none reaches over its end
 * @count: set to their number
 *
 * Return: the extents, or NULL with @err.
 */
const struct snapshot_extent *snapshot_extents(const struct snapshot_file *file,
					       enum snapshot_kind kind, uint64_t size,
					       size_t *count, struct error *err);

#endif
