/* SPDX-License-Identifier: GPL-2.0-only */
/* sniff.h - what an image holds, from its first bytes */
#ifndef ENGINE_DISK_SNIFF_H
#define ENGINE_DISK_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "fileio.h"
#include "vitrine/error.h"

/**
 * sniff_check() - Does an image hold the file system that it should?
 * @file:      the disk, without what is in front of it
 * @path:      of the image, for messages
 * @size:      bytes of the disk
 * @expected:  file system type, or NULL for any content
 * @read_only: the guest cannot write to it, not even to replay its journal
 * @err:       set on failure
 *
 * For ext2, ext3 and ext4 the superblock is compared with the image's size. A file system type that
 * is not known here is not checked; the guest's mount says what is wrong then.
 *
 * Return: 0 or -1.
 */
int sniff_check(struct file_range *file, const char *path, uint64_t size, const char *expected,
		bool read_only, struct error *err);

#endif
