/* SPDX-License-Identifier: GPL-2.0-only */
/* flatten.h - one raw image of a file system that lies in layers */
#ifndef VITRINE_IMAGES_FLATTEN_H
#define VITRINE_IMAGES_FLATTEN_H

#include "vitrine/error.h"

struct disk;

/**
 * flatten() - Copy all blocks that the file system on @disk uses
 * @fd: an empty file; it becomes as long as the disk, with holes
 */
int flatten(struct disk *disk, int fd, struct error *err);

#endif
