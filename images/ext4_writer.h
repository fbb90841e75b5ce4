/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4_writer.h - the parts of the ext4 writer among themselves */
#ifndef VITRINE_IMAGES_EXT4_WRITER_H
#define VITRINE_IMAGES_EXT4_WRITER_H

#include <limits.h>
#include "images/ext4.h"
#include "images/ext4_dirs.h"

#define EXT4_CHUNK (1 << 20)

/**
 * struct ext4_data - content of the regular file that was added last (ext4_data.c)
 * @ino:    0 when no file is open
 * @chunk:  EXT4_CHUNK bytes that begin at offset @base, @filled of them given
 * @offset: where the next write goes
 */
struct ext4_data {
	ext2_ino_t ino;
	char *chunk;
	uint64_t base, offset;
	size_t filled;
};

/**
 * struct ext4 - a writer
 * @path: of the image when ext4_create() made it, else NULL
 * @last: the entry that was added last
 */
struct ext4 {
	ext2_filsys fs;
	char *path;
	struct dirs *dirs;
	ext2_ino_t last_ino;
	struct ext4_data data;
};

int ext4_fail(struct error *err, errcode_t code, const char *what);

/* ext4_path.c */

/**
 * struct ext4_place - where a path leads
 * @in:    directory of the last component
 * @name:  last component, @length bytes of it
 * @found: what has that name; NULL when nothing has
 */
struct ext4_place {
	struct dir *in;
	char name[EXT2_NAME_LEN + 1];
	size_t length;
	struct dirent_node *found;
};

/**
 * ext4_locate() - Walk to the last component of a path
 * @create: make directories that are missing, with the time of @node
 *
 * Return: 0, 1 when a directory on the way is missing and @create is NULL, -1 with @err filled.
 * The root has a @length of 0.
 */
int ext4_locate(struct ext4 *fs, const char *path, const struct ext4_node *create,
		struct ext4_place *place, struct error *err);

/* ext4_inode.c */

/** ext4_new_inode() - Make the inode of a node that is no hard link and give it a name */
errcode_t ext4_new_inode(struct ext4 *fs, const struct ext4_place *place,
			 const struct ext4_node *node, ext2_ino_t *ino);

/** ext4_set_attributes() - Give an inode that exists a node's owner, mode and times */
errcode_t ext4_set_attributes(struct ext4 *fs, ext2_ino_t ino, const struct ext4_node *node);

/** ext4_type() - EXT2_FT_* of a mode */
int ext4_type(mode_t mode);

/* ext4_remove.c */

/** ext4_drop_old() - Remove an entry with everything in it, but keep what is fresh */
errcode_t ext4_drop_old(struct ext4 *fs, struct dirent_node *entry);

/* ext4_data.c */

int ext4_data_open(struct ext4 *fs, ext2_ino_t ino, struct error *err);
int ext4_data_close(struct ext4 *fs, struct error *err);

#endif
