/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4_reader.h - read a file system that a guest may have written */
#ifndef VITRINE_IMAGES_EXT4_READER_H
#define VITRINE_IMAGES_EXT4_READER_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include "vitrine/error.h"

struct disk;

/**
 * struct reader - an open file system
 * @seen: directories that have been walked through: a tree has no other way to one
 */
struct reader {
	ext2_filsys fs;
	ext2fs_inode_bitmap seen;
};

/**
 * struct reader_entry - a file, while it is visited
 * @path:  from the root, without a leading slash; empty for the root
 */
struct reader_entry {
	const char *path;
	ext2_ino_t ino;
	struct ext2_inode_large inode;
};

/** reader_open() - For a sealed process: the file system is anybody's */
int reader_open(struct reader *reader, struct disk *disk, struct error *err);
void reader_close(struct reader *reader);

/** struct reader_name - a name in a directory */
struct reader_name {
	ext2_ino_t ino;
	char name[EXT2_NAME_LEN + 1];
};

/**
 * reader_list() - The names in a directory, sorted, without "." and ".."
 * @names: set, the caller frees it
 */
int reader_list(struct reader *reader, ext2_ino_t dir, struct reader_name **names, size_t *count,
		struct error *err);

int reader_inode(struct reader *reader, ext2_ino_t ino, struct ext2_inode_large *inode,
		 struct error *err);

/** reader_link() - The target of a symbolic link, PATH_MAX bytes */
int reader_link(struct reader *reader, const struct reader_entry *entry, char *target,
		struct error *err);

typedef int reader_visit(void *context, struct reader *reader, const struct reader_entry *entry,
			 struct error *err);

/** reader_walk() - Visit everything, a directory before what is in it; lost+found is left out */
int reader_walk(struct reader *reader, reader_visit *visit, void *context, struct error *err);

#endif
