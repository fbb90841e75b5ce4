/* SPDX-License-Identifier: GPL-2.0-only */
/* format.h - the file that says what a paused sandbox is: its head and its sections
 *
 * docs/snapshot-format.md describes it for others. All numbers are little-endian. A file without a
 * head, or that is shorter than that says, is what somebody left who did not finish.
 */
#ifndef ENGINE_SNAPSHOT_FORMAT_H
#define ENGINE_SNAPSHOT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"

#define SNAPSHOT_MAGIC "VTSNAP\r\n"
#define SNAPSHOT_VERSION 2
#define SNAPSHOT_PAGE 4096U
#define SNAPSHOT_CHUNK 16384U /* of memory: what a layer has or has not */
#define SNAPSHOT_LAYERS_MAX 16
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
	SNAPSHOT_MEMORY = SNAPSHOT_LOG + 2, /* struct snapshot_extent */
	SNAPSHOT_TELEMETRY,   /* struct snapshot_range, one of zeros behind the last; bytes */
	SNAPSHOT_LAYERS,      /* struct snapshot_layer, the oldest first */
	SNAPSHOT_DISK_LAYERS, /* struct snapshot_disk_layer, the lowest first */
	SNAPSHOT_NKINDS,
};

/**
 * struct snapshot_extent - a part of memory that is not zero: in order, apart, whole chunks
 * @layer: the layer that has it, an index into SNAPSHOT_LAYERS
 */
struct snapshot_extent {
	uint64_t offset, length;
	uint32_t layer, pad;
};

/* Of bytes that are not zero: in order, apart, whole pages */
struct snapshot_range {
	uint64_t offset, length;
};

/* A layer of memory, which generations @first to @last have written */
struct snapshot_layer {
	uint32_t first, last;
};

struct snapshot_disk_layer {
	uint32_t disk, generation;
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
 * snapshot_write() - Write the file, the head last
 * @fd: an empty file
 *
 * Return: 0, or -1 with @err.
 */
int snapshot_write(struct snapshot_writer *writer, int fd, struct error *err);

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
 * snapshot_is_whole() - Was writing it finished? For who wants to know only that
 * @head: what was read of its beginning, which may be anything
 * @len:  of the file
 */
bool snapshot_is_whole(const struct snapshot_head *head, uint64_t len);

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
 * snapshot_layers() - The layers of memory, checked
 * @count: set to their number, at most SNAPSHOT_LAYERS_MAX
 *
 * Return: the layers, or NULL with @err.
 */
const struct snapshot_layer *snapshot_layers(const struct snapshot_file *file, size_t *count,
					     struct error *err);

/**
 * snapshot_extents() - The extents of memory, checked
 * @size:  of memory: none reaches over its end
 * @count: set to their number
 *
 * Return: the extents, or NULL with @err.
 */
const struct snapshot_extent *snapshot_extents(const struct snapshot_file *file, uint64_t size,
					       size_t *count, struct error *err);

/**
 * snapshot_region() - Read the telemetry region, checked
 * @into: @size bytes of zeros
 *
 * Return: 0, or -1 with @err.
 */
int snapshot_region(const struct snapshot_file *file, void *into, uint64_t size, struct error *err);

/** snapshot_disk_layers() - As snapshot_layers(), for disks; there may be none */
const struct snapshot_disk_layer *snapshot_disk_layers(const struct snapshot_file *file,
						       size_t *count, struct error *err);

#endif
