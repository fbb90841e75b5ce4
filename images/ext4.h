/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4.h - write files into an ext4 file system that lies in a file, without privileges
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

struct disk;
struct ext4;

/**
 * struct ext4_node - one file to be created
 * @path:   relative to the root; leading "/" and "./" are ignored, ".." is refused
 * @mode:   type and permissions
 * @mtime:  seconds since 1970
 * @mtime_ns: and nanoseconds
 * @device: of a character or block device
 * @target: of a symbolic link
 */
struct ext4_node {
	const char *path;
	mode_t mode;
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t mtime_ns;
	dev_t device;
	const char *target;
};

/**
 * ext4_make() - Make an empty file system, to be filled or to be kept as it is
 * @path:  image file; exists, and is extended to @size (sparse)
 * @size:  bytes, a multiple of 4096
 * @label: volume name, at most 16 characters
 */
int ext4_make(const char *path, uint64_t size, const char *label, struct error *err);

/**
 * ext4_create() - ext4_make(), and a writer for it
 *
 * Return: a writer to be closed with ext4_close() or ext4_abandon(), or NULL.
 */
struct ext4 *ext4_create(const char *path, uint64_t size, const char *label, struct error *err);

/**
 * ext4_open() - A writer for the file system on a disk that has one
 * @disk: writable; the caller's, and closed by it later
 *
 * What is added replaces what is there. Opens no file and starts no program.
 */
struct ext4 *ext4_open(struct disk *disk, struct error *err);

/**
 * ext4_add() - Create a file
 * @node: what to create; missing parents become directories, mode 755
 *
 * A directory that exists takes the node's owner and mode. Any other file is an error when this
 * writer made it, and is replaced when it was there before. A path may lead through a symbolic link
 * that was there before, which is followed as in a root of its own, but not through a new one.
 *
 * A regular file is empty and can be filled with ext4_write() until the next ext4_add().
 */
int ext4_add(struct ext4 *fs, const struct ext4_node *node, struct error *err);

/** ext4_write() - Append to the regular file that was added last; zeros take no space */
int ext4_write(struct ext4 *fs, const void *data, size_t len, struct error *err);

/** ext4_seek() - The next write goes to @offset, which is not before the end of the last one */
int ext4_seek(struct ext4 *fs, uint64_t offset, struct error *err);

/** ext4_link() - Give the existing file @target one more name */
int ext4_link(struct ext4 *fs, const char *path, const char *target, struct error *err);

/** ext4_set_xattr() - Set an extended attribute of the file that was added last */
int ext4_set_xattr(struct ext4 *fs, const char *name, const void *value, size_t len,
		   struct error *err);

/**
 * ext4_hide() - Remove what was there before this writer came
 * @path:     what is to be removed, if it is there; what this writer made stays
 * @children: remove what is in it only
 */
int ext4_hide(struct ext4 *fs, const char *path, int children, struct error *err);

/** ext4_size() - Bytes of the file system */
uint64_t ext4_size(const struct ext4 *fs);

/**
 * ext4_close() - Finish; frees @fs in any case
 *
 * What ext4_create() made is checked by e2fsck.
 */
int ext4_close(struct ext4 *fs, struct error *err);

/** ext4_abandon() - Stop; the file system is in no usable state. NULL is allowed */
void ext4_abandon(struct ext4 *fs);

#endif
