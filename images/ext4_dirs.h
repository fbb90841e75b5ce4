/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4_dirs.h - the directories of an ext4 file system, held in memory while files are added */
#ifndef VITRINE_IMAGES_EXT4_DIRS_H
#define VITRINE_IMAGES_EXT4_DIRS_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include "vitrine/error.h"

/* Deeper than any program goes; what walks a tree may recurse so far */
#define DIRS_DEPTH_MAX 1000

/**
 * struct dir - a directory that has been looked into
 * @self:    its own entry in @parent; NULL of the root, which is its own parent
 * @entries: what is in it, the newest first
 * @depth:   0 of the root
 * @dirty:   differs from what is on the disk
 */
struct dir {
	ext2_ino_t ino;
	struct dir *parent, *next, *previous;
	struct dirent_node *self, *entries;
	size_t count;
	unsigned depth;
	bool dirty;
};

/**
 * struct dirent_node - a name in a directory
 * @dir:   when it is a directory that has been looked into
 * @type:  EXT2_FT_*
 * @fresh: this writer made it, or has changed what is below it
 */
struct dirent_node {
	struct dirent_node *chain, *next, *previous;
	struct dir *in, *dir;
	ext2_ino_t ino;
	uint8_t type, length;
	bool fresh;
	char name[];
};

struct dirs;

/** dirs_new() - Nothing is read yet; NULL without memory */
struct dirs *dirs_new(ext2_filsys fs);

void dirs_free(struct dirs *dirs);

struct dir *dirs_root(struct dirs *dirs);

/**
 * dirs_find() - Look a name up
 * @found: NULL when there is none
 *
 * Return: 0 or an error of libext2fs or errno.
 */
errcode_t dirs_find(struct dirs *dirs, struct dir *in, const char *name, size_t length,
		    struct dirent_node **found);

/** dirs_open() - Look into the directory that @entry names */
errcode_t dirs_open(struct dirs *dirs, struct dirent_node *entry, struct dir **dir);

/**
 * dirs_add() - Add a name that does not exist
 * @made: set, may be NULL
 *
 * A directory is added empty. The entry and all directories above it are fresh from now on.
 */
errcode_t dirs_add(struct dirs *dirs, struct dir *in, const char *name, size_t length,
		   ext2_ino_t ino, int type, struct dirent_node **made);

/** dirs_touch() - Mark an entry and all directories above it fresh */
void dirs_touch(struct dirent_node *entry);

/** dirs_remove() - Forget a name; of a directory, everything in it has been removed before */
void dirs_remove(struct dirs *dirs, struct dirent_node *entry);

/** dirs_write() - Bring every changed directory to the disk, the large ones with an index */
errcode_t dirs_write(struct dirs *dirs);

#endif
