/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4_disk.h - libext2fs on one of the engine's disks */
#ifndef VITRINE_IMAGES_EXT4_DISK_H
#define VITRINE_IMAGES_EXT4_DISK_H

#include <ext2fs/ext2fs.h>

struct disk;

/**
 * ext4_disk_manager() - What ext2fs_open() is given to open @disk
 *
 * The name that it is given with it is for messages. One ext2fs_open() for each call of this; the
 * disk stays the caller's.
 */
io_manager ext4_disk_manager(struct disk *disk);

#endif
