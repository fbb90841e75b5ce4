// SPDX-License-Identifier: GPL-2.0-only
/* ext4_remove.c - take away what was in a file system before: whiteouts, and what is replaced */

#include <errno.h>
#include "images/ext4_writer.h"
#include "vitrine/util.h"

static errcode_t free_inode(struct ext4 *fs, ext2_ino_t ino, struct ext2_inode_large *inode,
			    bool directory)
{
	struct ext2_inode *small = (struct ext2_inode *)inode;
	errcode_t code = ext2fs_free_ext_attr(fs->fs, ino, inode);

	if (!code && ext2fs_inode_has_valid_blocks2(fs->fs, small))
		code = ext2fs_punch(fs->fs, ino, small, NULL, 0, ~0ULL);
	if (code)
		return code;
	inode->i_links_count = 0;
	/* A small number would be taken for the next inode of a list of orphans */
	inode->i_dtime = fs->fs->super->s_mkfs_time;
	ext2fs_inode_alloc_stats2(fs->fs, ino, -1, directory);
	return ext2fs_write_inode_full(fs->fs, ino, small, sizeof(*inode));
}

static errcode_t drop_name(struct ext4 *fs, struct dirent_node *entry)
{
	struct ext2_inode_large inode;
	struct ext2_inode *small = (struct ext2_inode *)&inode;
	bool directory = entry->type == EXT2_FT_DIR;
	ext2_ino_t ino = entry->ino;
	errcode_t code = ext2fs_read_inode_full(fs->fs, ino, small, sizeof(inode));

	if (code)
		return code;
	dirs_remove(fs->dirs, entry);
	if (directory || inode.i_links_count <= 1)
		return free_inode(fs, ino, &inode, directory);
	inode.i_links_count--;
	return ext2fs_write_inode_full(fs->fs, ino, small, sizeof(inode));
}

static errcode_t drop_children(struct ext4 *fs, struct dirent_node *entry)
{
	struct dirent_node *child, *next;
	struct dir *dir;
	errcode_t code = dirs_open(fs->dirs, entry, &dir);

	for (child = code ? NULL : dir->entries; child && !code; child = next) {
		next = child->next;
		code = ext4_drop_old(fs, child);
	}
	return code;
}

/* Recurses as deep as the tree is, which is DIRS_DEPTH_MAX */
errcode_t ext4_drop_old(struct ext4 *fs, struct dirent_node *entry)
{
	errcode_t code = 0;

	if (entry->type == EXT2_FT_DIR)
		code = drop_children(fs, entry);
	return code || entry->fresh ? code : drop_name(fs, entry);
}

int ext4_hide(struct ext4 *fs, const char *path, int children, struct error *err)
{
	struct dirent_node *child, *next;
	struct ext4_place place;
	errcode_t code = 0;
	int ret;

	if (ext4_data_close(fs, err))
		return -1;
	ret = ext4_locate(fs, path, NULL, &place, err);
	if (ret)
		return ret < 0 ? -1 : 0;
	if (!place.length) {
		if (!children)
			return error_set(err, 0, "'%s' would remove the root directory", path);
		for (child = place.in->entries; child && !code; child = next) {
			next = child->next;
			code = ext4_drop_old(fs, child);
		}
	} else if (place.found && children) {
		if (place.found->type == EXT2_FT_DIR)
			code = drop_children(fs, place.found);
	} else if (place.found) {
		code = ext4_drop_old(fs, place.found);
	}
	return code ? ext4_fail(err, code, path) : 0;
}
