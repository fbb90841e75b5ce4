// SPDX-License-Identifier: GPL-2.0-only
/* ext4_reader.c - read a file system that a guest may have written
 *
 * libext2fs finds damage that it stumbles over, but a tree that bites its own tail is ours to see:
 * no directory is walked through twice, and none deeper than a path can be.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "images/ext4_disk.h"
#include "images/ext4_reader.h"
#include "images/process.h"
#include "vitrine/util.h"

#define DEPTH_MAX 1024

static int fail(struct error *err, errcode_t code, const char *what)
{
	return error_set(err, 0, "the file system is damaged: /%.200s: %s", what,
			 error_message(code));
}

int reader_open(struct reader *reader, struct disk *disk, struct error *err)
{
	errcode_t code;

	initialize_ext2_error_table();
	memset(reader, 0, sizeof(*reader));
	code = ext2fs_open("image", EXT2_FLAG_64BITS, 0, 0, ext4_disk_manager(disk), &reader->fs);
	if (!code)
		code = ext2fs_allocate_inode_bitmap(reader->fs, "seen", &reader->seen);
	if (!code)
		return 0;
	reader_close(reader);
	return fail(err, code, "");
}

void reader_close(struct reader *reader)
{
	if (reader->seen)
		ext2fs_free_inode_bitmap(reader->seen);
	if (reader->fs)
		ext2fs_free(reader->fs);
	memset(reader, 0, sizeof(*reader));
}

struct listing {
	struct reader_name *names;
	size_t count, room;
	bool failed;
};

static int list_one(struct ext2_dir_entry *entry, int offset, int blocksize, char *buf,
		    void *context)
{
	int length = ext2fs_dirent_name_len(entry);
	struct listing *list = context;
	struct reader_name *name;

	if (!length || memchr(entry->name, '\0', length) || memchr(entry->name, '/', length) ||
	    (entry->name[0] == '.' && (length == 1 || (length == 2 && entry->name[1] == '.'))))
		return 0;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct reader_name *more = realloc(list->names, room * sizeof(*more));

		if (!more) {
			list->failed = true;
			return DIRENT_ABORT;
		}
		list->names = more;
		list->room = room;
	}
	name = &list->names[list->count++];
	name->ino = entry->inode;
	memcpy(name->name, entry->name, length);
	name->name[length] = '\0';
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct reader_name *)a)->name, ((const struct reader_name *)b)->name);
}

int reader_list(struct reader *reader, ext2_ino_t dir, struct reader_name **names, size_t *count,
		struct error *err)
{
	struct listing list = { 0 };
	errcode_t code = ext2fs_dir_iterate(reader->fs, dir, 0, NULL, list_one, &list);

	if (list.failed)
		code = ENOMEM;
	if (code) {
		free(list.names);
		return fail(err, code, "");
	}
	if (list.count)
		qsort(list.names, list.count, sizeof(*list.names), by_name);
	*names = list.names;
	*count = list.count;
	return 0;
}

int reader_inode(struct reader *reader, ext2_ino_t ino, struct ext2_inode_large *inode,
		 struct error *err)
{
	errcode_t code;

	memset(inode, 0, sizeof(*inode));
	code = ext2fs_read_inode_full(reader->fs, ino, (struct ext2_inode *)inode, sizeof(*inode));
	return code ? fail(err, code, "") : 0;
}

int reader_link(struct reader *reader, const struct reader_entry *entry, char *target,
		struct error *err)
{
	struct ext2_inode *inode = (struct ext2_inode *)&entry->inode;
	cleanup_free char *block = calloc(1, reader->fs->blocksize + 1);
	blk64_t physical = 0;
	errcode_t code;

	if (!block)
		return error_set(err, ENOMEM, "link");
	if (entry->inode.i_size >= PATH_MAX || entry->inode.i_size > reader->fs->blocksize)
		return fail(err, EXT2_ET_SYMLINK_LOOP, entry->path);
	if (ext2fs_is_fast_symlink(inode) && entry->inode.i_size < sizeof(inode->i_block)) {
		memcpy(block, inode->i_block, entry->inode.i_size);
	} else {
		code = ext2fs_bmap2(reader->fs, entry->ino, inode, NULL, 0, 0, NULL, &physical);
		if (!code && !physical)
			code = EXT2_ET_BAD_BLOCK_NUM;
		if (!code)
			code = io_channel_read_blk64(reader->fs->io, physical, 1, block);
		if (code)
			return fail(err, code, entry->path);
	}
	memcpy(target, block, entry->inode.i_size);
	target[entry->inode.i_size] = '\0';
	return 0;
}

static int walk(struct reader *reader, const char *path, ext2_ino_t ino, unsigned depth,
		reader_visit *visit, void *context, struct error *err)
{
	struct reader_entry entry = { .path = path, .ino = ino };
	cleanup_free struct reader_name *names = NULL;
	size_t count;

	if (interrupt_caught())
		return error_set(err, 0, "interrupted");
	if (reader_inode(reader, ino, &entry.inode, err) || visit(context, reader, &entry, err))
		return -1;
	if (!LINUX_S_ISDIR(entry.inode.i_mode))
		return 0;
	if (ext2fs_test_inode_bitmap2(reader->seen, ino) || depth > DEPTH_MAX)
		return fail(err, EXT2_ET_DIR_CORRUPTED, path);
	ext2fs_mark_inode_bitmap2(reader->seen, ino);
	if (reader_list(reader, ino, &names, &count, err))
		return -1;
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *below = NULL;

		if (!depth && !strcmp(names[i].name, "lost+found"))
			continue;
		if (asprintf(&below, "%s%s%s", path, *path ? "/" : "", names[i].name) < 0)
			return error_set(err, ENOMEM, "%s", path);
		if (walk(reader, below, names[i].ino, depth + 1, visit, context, err))
			return -1;
	}
	return 0;
}

int reader_walk(struct reader *reader, reader_visit *visit, void *context, struct error *err)
{
	return walk(reader, "", EXT2_ROOT_INO, 0, visit, context, err);
}
