/* SPDX-License-Identifier: GPL-2.0-only */
/* partition.h - where a partition lies on an image */
#ifndef ENGINE_DISK_PARTITION_H
#define ENGINE_DISK_PARTITION_H

#include <stdint.h>

#include "vitrine/error.h"

struct partition {
	uint64_t start, size; /* bytes */
};

/**
 * partition_find() - Look a partition up in a GPT or MBR partition table
 * @fd:     the image, readable
 * @path:   its name, for messages
 * @size:   bytes of the image
 * @number: 1.., as Linux numbers them (logical partitions of an MBR start at 5)
 * @part:   set on success; lies inside the image and is not empty
 * @err:    set on failure
 *
 * Return: 0 or -1.
 */
int partition_find(int fd, const char *path, uint64_t size, unsigned number, struct partition *part,
		   struct error *err);

#endif
