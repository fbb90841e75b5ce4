// SPDX-License-Identifier: GPL-2.0-only
/* ext4.c - write files into an ext4 file system that lies in a file, without privileges
 *
 * Theory of operation
 * mke2fs makes the empty file system, libext2fs makes inodes and finds room for data. Directories
 * are held in memory and written at the end (ext4_dirs.c), with their indexes.
 *
 * A writer is one layer: what it makes is fresh, what was there before is old. New things replace
 * old ones, as the layers of a container image want it, but nothing replaces or leads through what
 * the same writer made: a path in an archive is then never anything but where it seems to be.
 */

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "images/ext4_disk.h"
#include "images/ext4_writer.h"
#include "images/process.h"
#include "vitrine/util.h"

#define BLOCK 4096
#define BYTES_PER_INODE "16384"

static const char ext4_disk_full[] = "the disk that the images are on is full";

int ext4_fail(struct error *err, errcode_t code, const char *what)
{
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL)
		return error_set(err, 0, "the image is full; give it a larger --size");
	if (code == EXT2_ET_EA_NO_SPACE || code == EXT2_ET_EA_KEY_NOT_FOUND)
		return error_set(err, 0, "%s: its extended attributes cannot be kept by ext4",
				 what);
	if (code == ENOSPC)
		return error_set(err, 0, "%s", ext4_disk_full);
	return error_set(err, 0, "%s: %s", what, error_message(code));
}

int ext4_make(const char *path, uint64_t size, const char *label, struct error *err)
{
	struct error why = { 0 };
	char blocks[32];
	int ret;

	if (truncate(path, size))
		return error_set(err, errno, "%s", path);
	snprintf(blocks, sizeof(blocks), "%llu", (unsigned long long)(size / BLOCK));
	/* The file is sparse, hence zero: say so, or every inode table is written out */
	ret = process_run((char *[]){ "mke2fs",
				      "-q",
				      "-F",
				      "-t",
				      "ext4",
				      "-b",
				      "4096",
				      "-I",
				      "256",
				      "-i",
				      BYTES_PER_INODE,
				      "-m",
				      "0",
				      "-L",
				      (char *)label,
				      "-E",
				      "root_owner=0:0,assume_storage_prezeroed=1,nodiscard",
				      (char *)path,
				      blocks,
				      NULL },
			  0, &why);
	if (!ret)
		return 0;
	return error_set(err, 0, "%s",
			 strstr(why.text, strerror(ENOSPC)) ? ext4_disk_full : why.text);
}

static struct ext4 *start(const char *path, io_manager manager, struct error *err)
{
	struct ext4 *fs = calloc(1, sizeof(*fs));
	errcode_t code;

	if (fs)
		fs->data.chunk = malloc(EXT4_CHUNK);
	if (!fs || !fs->data.chunk) {
		error_set(err, ENOMEM, "%s", path);
		free(fs);
		return NULL;
	}
	code = ext2fs_open(path, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, manager, &fs->fs);
	if (!code)
		code = ext2fs_read_bitmaps(fs->fs);
	if (!code) {
		fs->dirs = dirs_new(fs->fs);
		code = fs->dirs ? 0 : ENOMEM;
	}
	if (code) {
		ext4_fail(err, code, path);
		ext4_abandon(fs);
		return NULL;
	}
	return fs;
}

struct ext4 *ext4_create(const char *path, uint64_t size, const char *label, struct error *err)
{
	struct ext4 *fs;

	initialize_ext2_error_table();
	if (ext4_make(path, size, label, err))
		return NULL;
	fs = start(path, unix_io_manager, err);
	if (!fs)
		return NULL;
	fs->path = strdup(path);
	if (!fs->path) {
		error_set(err, ENOMEM, "%s", path);
		ext4_abandon(fs);
		return NULL;
	}
	return fs;
}

struct ext4 *ext4_open(struct disk *disk, struct error *err)
{
	initialize_ext2_error_table();
	return start("image", ext4_disk_manager(disk), err);
}

/* Whether something of another kind, or a file, has to go before @node can be made */
static int make_room(struct ext4 *fs, struct ext4_place *place, const struct ext4_node *node,
		     struct error *err)
{
	struct dirent_node *found = place->found;
	errcode_t code;

	if (!found || (S_ISDIR(node->mode) && found->type == EXT2_FT_DIR))
		return 0;
	if (found->fresh)
		return error_set(err, 0, "'%.200s' comes twice", node->path);
	code = ext4_drop_old(fs, found);
	place->found = NULL;
	return code ? ext4_fail(err, code, node->path) : 0;
}

/* In a block of their own, and behind the fields of the inode */
static errcode_t drop_xattrs(struct ext4 *fs, ext2_ino_t ino)
{
	size_t size = EXT2_INODE_SIZE(fs->fs->super), used;
	cleanup_free struct ext2_inode_large *inode = calloc(1, size);
	struct ext2_inode *small = (struct ext2_inode *)inode;
	errcode_t code;

	if (!inode || size < sizeof(*inode))
		return ENOMEM;
	code = ext2fs_read_inode_full(fs->fs, ino, small, size);
	if (!code)
		code = ext2fs_free_ext_attr(fs->fs, ino, inode);
	used = EXT2_GOOD_OLD_INODE_SIZE + inode->i_extra_isize;
	if (code || used > size)
		return code ? code : EIO;
	memset((char *)inode + used, 0, size - used);
	return ext2fs_write_inode_full(fs->fs, ino, small, size);
}

/* A directory that is there gets new attributes, all else is made */
static errcode_t add_place(struct ext4 *fs, struct ext4_place *place, const struct ext4_node *node,
			   ext2_ino_t *ino)
{
	errcode_t code;

	*ino = place->length ? 0 : EXT2_ROOT_INO;
	if (place->found)
		*ino = place->found->ino;
	if (!*ino)
		return ext4_new_inode(fs, place, node, ino);
	dirs_touch(place->found);
	code = drop_xattrs(fs, *ino);
	return code ? code : ext4_set_attributes(fs, *ino, node);
}

int ext4_add(struct ext4 *fs, const struct ext4_node *node, struct error *err)
{
	struct ext4_place place;
	errcode_t code;

	if (ext4_data_close(fs, err) || ext4_locate(fs, node->path, node, &place, err))
		return -1;
	if (!place.length && !S_ISDIR(node->mode))
		return error_set(err, 0, "'%s' would replace the root directory", node->path);
	if (make_room(fs, &place, node, err))
		return -1;
	code = add_place(fs, &place, node, &fs->last_ino);
	if (code)
		return ext4_fail(err, code, node->path);
	return S_ISREG(node->mode) ? ext4_data_open(fs, fs->last_ino, err) : 0;
}

/* The entry that is to get one more name */
static int find_target(struct ext4 *fs, const char *path, const char *target,
		       struct dirent_node **entry, struct error *err)
{
	struct ext4_place place;
	int ret = ext4_locate(fs, target, NULL, &place, err);

	if (ret < 0)
		return -1;
	if (ret || !place.found)
		return error_set(err, 0, "%s: a hard link to %s, which is not there", path, target);
	if (place.found->type == EXT2_FT_DIR)
		return error_set(err, 0, "%s: a second name for a directory", path);
	*entry = place.found;
	return 0;
}

int ext4_link(struct ext4 *fs, const char *path, const char *target, struct error *err)
{
	struct ext4_node node = { .path = path, .mode = S_IFREG };
	struct dirent_node *entry;
	struct ext2_inode inode;
	struct ext4_place place;
	errcode_t code;

	if (ext4_data_close(fs, err) || find_target(fs, path, target, &entry, err) ||
	    ext4_locate(fs, path, &node, &place, err))
		return -1;
	if (place.found == entry)
		return entry->fresh ? error_set(err, 0, "'%.200s' comes twice", path) : 0;
	if (!place.length)
		return error_set(err, 0, "'%s' would replace the root directory", path);
	/* What has to go may hold the target: look it up again */
	if (make_room(fs, &place, &node, err) || find_target(fs, path, target, &entry, err))
		return -1;
	code = ext2fs_read_inode(fs->fs, entry->ino, &inode);
	if (!code && inode.i_links_count >= EXT2_LINK_MAX)
		return error_set(err, 0, "%s: more than %d names of one file", path, EXT2_LINK_MAX);
	inode.i_links_count++;
	if (!code)
		code = ext2fs_write_inode(fs->fs, entry->ino, &inode);
	if (!code)
		code = dirs_add(fs->dirs, place.in, place.name, place.length, entry->ino,
				entry->type, NULL);
	fs->last_ino = entry->ino;
	return code ? ext4_fail(err, code, path) : 0;
}

int ext4_set_xattr(struct ext4 *fs, const char *name, const void *value, size_t len,
		   struct error *err)
{
	struct ext2_xattr_handle *handle;
	errcode_t code, closed;

	if (ext4_data_close(fs, err))
		return -1;
	code = ext2fs_xattrs_open(fs->fs, fs->last_ino, &handle);
	if (code)
		return ext4_fail(err, code, name);
	code = ext2fs_xattrs_read(handle);
	if (!code)
		code = ext2fs_xattr_set(handle, name, value, len);
	closed = ext2fs_xattrs_close(&handle);
	if (!code)
		code = closed;
	return code ? ext4_fail(err, code, name) : 0;
}

uint64_t ext4_size(const struct ext4 *fs)
{
	return ext2fs_blocks_count(fs->fs->super) * fs->fs->blocksize;
}

/* To the image, and proven sound when it is a file of its own */
int ext4_close(struct ext4 *fs, struct error *err)
{
	cleanup_free char *path = steal_ptr(fs->path);
	errcode_t code = 0;
	int ret;

	ret = ext4_data_close(fs, err);
	if (!ret)
		code = dirs_write(fs->dirs);
	if (!ret && !code)
		code = ext2fs_close_free(&fs->fs);
	ext4_abandon(fs);
	if (ret)
		return -1;
	if (code)
		return ext4_fail(err, code, path ? path : "image");
	return path ? process_run((char *[]){ "e2fsck", "-fy", path, NULL }, 1, err) : 0;
}

void ext4_abandon(struct ext4 *fs)
{
	if (!fs)
		return;
	dirs_free(fs->dirs);
	if (fs->fs)
		ext2fs_free(fs->fs);
	free(fs->data.chunk);
	free(fs->path);
	free(fs);
}
