/* SPDX-License-Identifier: GPL-2.0-only */
/* overlay_file.h - make, open and check the file that an overlay's data go to */
#ifndef ENGINE_DISK_OVERLAY_FILE_H
#define ENGINE_DISK_OVERLAY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "vitrine/error.h"

/**
 * struct overlay_layout - where things are in the file; see overlay.h
 */
struct overlay_layout {
	uint64_t disk_size, clusters, bitmap_size, data_offset;
};

/**
 * overlay_layout() - The layout for a disk
 * @disk_size: bytes, > 0
 */
struct overlay_layout overlay_layout(uint64_t disk_size);

/**
 * overlay_file_make() - Make an empty file a layer that holds nothing yet
 *
 * Return: 0 or a negative errno.
 */
int overlay_file_make(int fd, const struct overlay_layout *layout, uint32_t base_crc);

/**
 * overlay_file_open() - Open a named overlay, or make it when it is missing or empty
 * @path:      the file
 * @layout:    of the disk, which the file must have been made for
 * @base_crc:  of the image below, which must not have changed
 * @read_only: open it for reading; it must exist
 * @err:       set on failure
 *
 * The file is locked like an image.
 *
 * Return: a descriptor, or -1.
 */
int overlay_file_open(const char *path, const struct overlay_layout *layout, uint32_t base_crc,
		      bool read_only, struct error *err);

/**
 * overlay_file_temporary() - Make a file without a name that holds the data alone, from offset 0
 * @layout: of the disk
 * @err:    set on failure
 *
 * It is made in $TMPDIR, /var/tmp or /tmp, or else in memory.
 *
 * Return: a descriptor, or -1.
 */
int overlay_file_temporary(const struct overlay_layout *layout, struct error *err);

#endif
