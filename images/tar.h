/* SPDX-License-Identifier: GPL-2.0-only */
/* tar.h - unpack a tar stream into an ext4 image */
#ifndef VITRINE_IMAGES_TAR_H
#define VITRINE_IMAGES_TAR_H

#include "images/ext4.h"

/**
 * tar_unpack() - Add every file of a tar archive to a file system
 * @fd:    the archive; any format and compression that libarchive knows
 * @visit: called with every path, may be NULL
 *
 * Owners, modes, times, device numbers, hard links and extended attributes are kept.
 */
int tar_unpack(struct ext4 *fs, int fd, void (*visit)(void *context, const char *path),
	       void *context, struct error *err);

#endif
