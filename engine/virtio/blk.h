/* SPDX-License-Identifier: GPL-2.0-only */
/* blk.h - virtio block devices */
#ifndef ENGINE_VIRTIO_BLK_H
#define ENGINE_VIRTIO_BLK_H

#include "iopool.h"
#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * blk_add() - Open a disk and register a block device for it
 * @config:      the disk; only used during the call
 * @expected_fs: see disk_open()
 * @pool:        does what would block; must outlive the device
 * @err:         set only on failure
 *
 * Return: 0 or -1.
 */
int blk_add(const struct sandbox_disk *config, const char *expected_fs, struct iopool *pool,
	    struct error *err);

/* What is behind a disk, by its index, which is the device's; NULL when there is none */
struct disk *blk_disk(unsigned index);

#endif
