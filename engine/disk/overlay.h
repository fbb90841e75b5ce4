/* SPDX-License-Identifier: GPL-2.0-only */
/* overlay.h - copy-on-write disks: changes go to another file than the image
 *
 * The file that `overlay=FILE` names, version 1. All numbers are little-endian.
 *
 *   0             header, struct overlay_header, 4096 bytes
 *   4096          bitmap: one bit for each cluster of 4096 bytes of the disk, the lowest bit of the
 *                 first byte being cluster 0; padded to a multiple of 4096 bytes
 *   data_offset   the disk's clusters, each at data_offset + its offset on the disk. The file is
 *                 sparse: a cluster that was never written takes no space.
 *
 * A cluster whose bit is set is read from here, any other from the image. The file as a whole is
 * as long as data_offset + the disk's size; the last cluster may be a part of one.
 */
#ifndef ENGINE_DISK_OVERLAY_H
#define ENGINE_DISK_OVERLAY_H

#include <stdint.h>

#include "disk.h"
#include "partition.h"

#define OVERLAY_MAGIC "VTOVERL1"
#define OVERLAY_VERSION 1
#define OVERLAY_PAGE 4096U
#define OVERLAY_CLUSTER_BITS 12

/**
 * struct overlay_header - the first bytes of an overlay file; the rest of its page is zero
 * @magic:         OVERLAY_MAGIC without the NUL
 * @version:       OVERLAY_VERSION
 * @cluster_bits:  OVERLAY_CLUSTER_BITS
 * @disk_size:     bytes, equal to the image's (or its partition's)
 * @bitmap_offset: OVERLAY_PAGE
 * @bitmap_size:   bytes, padded
 * @data_offset:   @bitmap_offset + @bitmap_size
 * @base_crc:      CRC-32 of the image's first 64 KiB when the overlay was made; it holds the
 *                 superblock, which changes with every writable mount
 * @crc:           CRC-32 of everything above
 */
struct overlay_header {
	char magic[8];
	uint32_t version, cluster_bits;
	uint64_t disk_size, bitmap_offset, bitmap_size, data_offset;
	uint32_t base_crc, crc;
} __attribute__((packed));

/**
 * overlay_open() - Put a writable layer over an image
 * @config:  @overlay names the file, created when it is missing or empty; NULL: an unnamed file
 *           that vanishes with this process
 * @base_fd: the image, readable; owned by the disk, or closed on failure
 * @part:    which part of it is the disk
 * @disk:    set on success; the caller fills path, size and read_only
 * @err:     set on failure
 *
 * Return: 0 or -1.
 */
int overlay_open(const struct sandbox_disk *config, int base_fd, const struct partition *part,
		 struct disk **disk, struct error *err);

#endif
