/* SPDX-License-Identifier: GPL-2.0-only */
/* share.h - what the guest's kernel does itself for shared folders; private to this folder */
#ifndef VITRINE_SHARE_SHARE_H
#define VITRINE_SHARE_SHARE_H

#include <asm/vitrine-share.h>
#include "../../../fs/fuse/fuse_i.h"

/* FUSE's own way to ask and wait */
ssize_t share_ask(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);

/* The inode that the server calls so, which the caller gives back with iput(); NULL if none */
struct inode *share_inode(struct fuse_mount *fm, u64 nodeid);

/**
 * share_ask_more() - Ask, with room for more behind the last answer
 * @args: its last answer, if it has one, has a size of its own
 * @more: filled with @size bytes if the server has told as much
 * @told: whether it has
 *
 * Return: 0 or a negative errno.
 */
int share_ask_more(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args,
		   void *more, size_t size, bool *told);

/* directories.c: what is known of directories. Each of these is one kind of request */

/* Changes the names in a directory */
int share_change(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);

/* Opens a directory */
int share_open_directory(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);

/* Is it answered by what is known? */
bool share_known_attr(struct fuse_mount *fm, struct fuse_args *args);
bool share_known_missing(struct fuse_mount *fm, struct fuse_args *args);

/* Somebody has read its names, and has more of them than were put there from here */
void share_listed(struct fuse_mount *fm, u64 nodeid);

/* A name of the directory, as somebody here knows it, for dput(); NULL if nobody does */
struct dentry *share_name(struct fuse_mount *fm, u64 nodeid, const char *name);

/* How many files beside one that is looked for again are to be told of along */
unsigned int share_ahead(struct fuse_mount *fm, u64 nodeid);

/* lookups.c */
ssize_t share_lookup(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);

/* Nothing is known of it any more, but what is in the inode */
void share_unknown(struct fuse_mount *fm, u64 nodeid);

/* listings.c: is it the end of a listing, which was told with the last entries? */
bool share_known_end(struct fuse_mount *fm, struct fuse_args *args);
ssize_t share_list(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);

/* files.c */
int share_write(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args);
bool share_known_owner(struct fuse_mount *fm, struct fuse_args *args);

#endif
