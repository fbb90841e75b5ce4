/* SPDX-License-Identifier: GPL-2.0-only */
/* stack.h - an image and the read-only layers over it, read as one disk
 *
 * A layer is a file in the format of overlay.h that nobody writes any more. It was made over the
 * image and all layers below it, which its header is checked against.
 */
#ifndef ENGINE_DISK_STACK_H
#define ENGINE_DISK_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "disk.h"
#include "partition.h"

#define STACK_LAYERS_MAX 250
#define STACK_CRC_BYTES (64 * 1024)

/**
 * struct disk_stack - all that is below a writable layer
 * @image:  the raw image at the bottom
 * @layers: data of each layer, the lowest first
 * @count:  layers
 * @saved:  the first of them, counted from 1, that is what pauses saved of the layer above; 0: none
 * @below_crc: stack_crc() of what is below the first of @saved, or of all without
 * @owner:  for each cluster: 0 when it is the image's, n when it is that of layers[n - 1]; NULL
 *          when there are no layers
 */
struct disk_stack {
	struct file_range image, *layers;
	unsigned count, saved;
	uint32_t below_crc;
	uint8_t *owner;
};

/**
 * stack_open() - Open the layers of a disk
 * @config:  @path and @layers are used
 * @base_fd: the image, readable; owned by the stack, or closed on failure
 * @part:    which part of it is the disk
 *
 * Return: 0, or -1 with @err filled; stack_close() is only for what was opened.
 */
int stack_open(struct disk_stack *stack, const struct sandbox_disk *config, int base_fd,
	       const struct partition *part, struct error *err);

void stack_close(struct disk_stack *stack);

/** stack_is_saved() - Is a cluster in what pauses saved? */
bool stack_is_saved(const struct disk_stack *stack, uint64_t cluster);

/** stack_read() - As file_read() */
int stack_read(struct disk_stack *stack, struct iovec *iov, uint64_t skip, uint64_t off,
	       uint64_t len, int flags);

/** stack_crc() - CRC-32 of the disk's first 64 KiB, which is how a layer knows what it lies on */
int stack_crc(struct disk_stack *stack, const char *path, uint64_t size, uint32_t *crc,
	      struct error *err);

/**
 * stack_disk() - A read-only disk of a stack
 * @disk: set; the caller fills path, size and read_only
 *
 * As overlay_open().
 */
int stack_disk(const struct sandbox_disk *config, int base_fd, const struct partition *part,
	       struct disk **disk, struct error *err);

#endif
