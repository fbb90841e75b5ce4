/* SPDX-License-Identifier: GPL-2.0-only */
/* fs.h - virtio file systems */
#ifndef ENGINE_VIRTIO_FS_H
#define ENGINE_VIRTIO_FS_H

#include "vitrine/error.h"

/**
 * fs_add() - The device of the shared folders, when there are any
 * @err: set only on failure
 *
 * Return: 0 or -1.
 */
int fs_add(struct error *err);

#endif
