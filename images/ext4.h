/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4.h - write a new ext4 file system into an image file, without privileges
 *
 * The owner, mode, device numbers and attributes of a file are only data in an image, so nothing
 * here needs root, fakeroot or a mount.
 */
#ifndef VITRINE_IMAGES_EXT4_H
#define VITRINE_IMAGES_EXT4_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "vitrine/error.h"

struct ext4;

/**
 * struct ext4_node - one file to be created
 * @path:   relative to the root; leading "/" and "./" are ignored, ".." is refused
 * @mode:   type and permissions
 * @mtime:  seconds since 1970
 * @device: of a character or block device
 * @target: of a symbolic link
 */
struct ext4_node {
	const char *path;
	mode_t mode;
	uint32_t uid, gid;
	int64_t mtime;
	dev_t device;
	const char *target;
};

/**
 * ext4_create() - Make an empty file system
 * @path:  image file; exists, and is extended to @size (sparse)
 * @size:  bytes, a multiple of 4096
 * @label: volume name, at most 16 characters
 *
 * Return: a writer to be closed with ext4_close() or ext4_abandon(), or NULL.
 */
struct ext4 *ext4_create(const char *path, uint64_t size, const char *label, struct error *err);

/**
 * ext4_add() - Create a file
 * @node: what to create; missing parents become directories, mode 755
 *
 * A directory that exists takes the node's owner and mode; any other existing file is an error. A
 * regular file is empty and can be filled with ext4_write() until the next ext4_add().
 */
int ext4_add(struct ext4 *fs, const struct ext4_node *node, struct error *err);

/** ext4_write() - Append to the regular file that was added last */
int ext4_write(struct ext4 *fs, const void *data, size_t len, struct error *err);

/** ext4_link() - Give the existing file @target one more name */
int ext4_link(struct ext4 *fs, const char *path, const char *target, struct error *err);

/** ext4_set_xattr() - Set an extended attribute of the file that was added last */
int ext4_set_xattr(struct ext4 *fs, const char *name, const void *value, size_t len,
		   struct error *err);

/** ext4_close() - Finish, index the directories and check the result; frees @fs in any case */
int ext4_close(struct ext4 *fs, struct error *err);

/** ext4_abandon() - Stop; the image file is in no usable state. NULL is allowed */
void ext4_abandon(struct ext4 *fs);

#endif
