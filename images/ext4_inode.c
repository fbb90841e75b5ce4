// SPDX-License-Identifier: GPL-2.0-only
/* ext4_inode.c - make inodes, with owner, mode, time and device as they were recorded */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "images/ext4_writer.h"
#include "vitrine/util.h"

/* What 34 bits of seconds from 1901 can hold */
#define TIME_MIN (-(1LL << 31))
#define TIME_MAX ((1LL << 33) + (1LL << 32) - 1 + TIME_MIN + (1LL << 32))

int ext4_type(mode_t mode)
{
	static const struct {
		mode_t mode;
		int type;
	} types[] = {
		{ S_IFREG, EXT2_FT_REG_FILE }, { S_IFDIR, EXT2_FT_DIR },
		{ S_IFCHR, EXT2_FT_CHRDEV },   { S_IFBLK, EXT2_FT_BLKDEV },
		{ S_IFIFO, EXT2_FT_FIFO },     { S_IFSOCK, EXT2_FT_SOCK },
		{ S_IFLNK, EXT2_FT_SYMLINK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if ((mode & S_IFMT) == types[i].mode)
			return types[i].type;
	}
	return EXT2_FT_UNKNOWN;
}

/* Seconds in 32 bits, two more bits of them and the nanoseconds beside */
static uint32_t extra(int64_t seconds, uint32_t ns)
{
	uint64_t epoch = (uint64_t)(seconds - (int32_t)seconds) >> 32 & 3;

	return ns % 1000000000 << 2 | epoch;
}

static void fill(struct ext2_inode_large *inode, const struct ext4_node *node)
{
	int64_t time = node->mtime < TIME_MIN	? TIME_MIN
		       : node->mtime > TIME_MAX ? TIME_MAX
						: node->mtime;

	inode->i_mode = node->mode;
	inode->i_uid = node->uid & 0xffff;
	inode->osd2.linux2.l_i_uid_high = node->uid >> 16;
	inode->i_gid = node->gid & 0xffff;
	inode->osd2.linux2.l_i_gid_high = node->gid >> 16;
	inode->i_atime = inode->i_ctime = inode->i_mtime = (uint32_t)time;
	inode->i_atime_extra = inode->i_ctime_extra = inode->i_mtime_extra =
	    extra(time, node->mtime_ns);
}

errcode_t ext4_set_attributes(struct ext4 *fs, ext2_ino_t ino, const struct ext4_node *node)
{
	struct ext2_inode_large inode;
	struct ext2_inode *small = (struct ext2_inode *)&inode;
	errcode_t code = ext2fs_read_inode_full(fs->fs, ino, small, sizeof(inode));

	if (code)
		return code;
	fill(&inode, node);
	return ext2fs_write_inode_full(fs->fs, ino, small, sizeof(inode));
}

/* Small numbers in the first word as ever, larger ones in the second: new_encode_dev() */
static void fill_device(struct ext2_inode_large *inode, dev_t device)
{
	unsigned ma = major(device), mi = minor(device);

	if (ma < 256 && mi < 256)
		inode->i_block[0] = ma << 8 | mi;
	else
		inode->i_block[1] = (mi & 0xff) | ma << 8 | (mi & ~0xffU) << 12;
}

/* A target of up to 59 bytes is in the inode, a longer one in a block */
static errcode_t fill_target(struct ext4 *fs, ext2_ino_t ino, const char *target)
{
	size_t length = strlen(target);
	cleanup_free char *block = calloc(1, fs->fs->blocksize);
	struct ext2_inode inode;
	blk64_t physical = 0;
	errcode_t code;

	if (!block)
		return ENOMEM;
	if (length >= fs->fs->blocksize)
		return ENAMETOOLONG;
	memcpy(block, target, length);
	code = ext2fs_bmap2(fs->fs, ino, NULL, NULL, BMAP_ALLOC, 0, NULL, &physical);
	if (!code)
		code = io_channel_write_blk64(fs->fs->io, physical, 1, block);
	if (!code)
		code = ext2fs_read_inode(fs->fs, ino, &inode);
	if (!code)
		code = ext2fs_inode_size_set(fs->fs, &inode, length);
	return code ? code : ext2fs_write_inode(fs->fs, ino, &inode);
}

static errcode_t write_inode(struct ext4 *fs, ext2_ino_t ino, const struct ext4_node *node)
{
	struct ext2_inode_large inode = { .i_links_count = S_ISDIR(node->mode) ? 2 : 1 };
	struct ext2_inode *small = (struct ext2_inode *)&inode;
	bool inside = S_ISLNK(node->mode) && strlen(node->target) < sizeof(inode.i_block);
	ext2_extent_handle_t handle;
	errcode_t code;

	inode.i_extra_isize = sizeof(inode) - EXT2_GOOD_OLD_INODE_SIZE;
	fill(&inode, node);
	inode.i_crtime = inode.i_mtime;
	if (S_ISCHR(node->mode) || S_ISBLK(node->mode)) {
		fill_device(&inode, node->device);
	} else if (inside) {
		inode.i_size = strlen(node->target);
		memcpy(inode.i_block, node->target, inode.i_size);
	} else if (S_ISREG(node->mode) || S_ISDIR(node->mode) || S_ISLNK(node->mode)) {
		/* Opening an empty inode's extents is what makes it one with extents */
		code = ext2fs_extent_open2(fs->fs, ino, small, &handle);
		if (code)
			return code;
		ext2fs_extent_free(handle);
	}
	code = ext2fs_write_inode_full(fs->fs, ino, small, sizeof(inode));
	if (code || !S_ISLNK(node->mode) || inside)
		return code;
	return fill_target(fs, ino, node->target);
}

errcode_t ext4_new_inode(struct ext4 *fs, const struct ext4_place *place,
			 const struct ext4_node *node, ext2_ino_t *ino)
{
	errcode_t code;

	if (S_ISLNK(node->mode) && (!node->target || !*node->target))
		return EINVAL;
	if (S_ISDIR(node->mode) && place->in->depth >= DIRS_DEPTH_MAX)
		return ENAMETOOLONG;
	code = ext2fs_new_inode(fs->fs, place->in->ino, node->mode, NULL, ino);
	if (code)
		return code;
	ext2fs_inode_alloc_stats2(fs->fs, *ino, 1, S_ISDIR(node->mode));
	code = write_inode(fs, *ino, node);
	return code ? code
		    : dirs_add(fs->dirs, place->in, place->name, place->length, *ino,
			       ext4_type(node->mode), NULL);
}
