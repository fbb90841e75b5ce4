// SPDX-License-Identifier: GPL-2.0-only
/* ext4_data.c - content of regular files
 *
 * Theory of operation
 * What is written is gathered to chunks of a mebibyte. Blocks of zeros in it become holes; for
 * each run of other blocks space is allocated at once and written with as few calls as it has
 * pieces, which is mostly one. libext2fs's own way is an allocation and a write for each block.
 */

#include <errno.h>
#include <string.h>
#include "images/ext4_writer.h"
#include "vitrine/util.h"

int ext4_data_open(struct ext4 *fs, ext2_ino_t ino, struct error *err)
{
	struct ext4_data *d = &fs->data;

	d->ino = ino;
	d->base = d->offset = d->filled = 0;
	return 0;
}

static bool is_zero(const char *block, size_t size)
{
	return !block[0] && !memcmp(block, block + 1, size - 1);
}

/* Blocks whose space is there: as few writes as it has pieces */
static errcode_t write_blocks(struct ext4 *fs, struct ext2_inode *inode, blk64_t first,
			      const char *data, size_t blocks)
{
	struct ext4_data *d = &fs->data;
	blk64_t begin = 0, physical;
	size_t done = 0, run = 0;
	errcode_t code = 0;

	for (size_t i = 0; i < blocks && !code; i++) {
		code = ext2fs_bmap2(fs->fs, d->ino, inode, NULL, 0, first + i, NULL, &physical);
		if (!code && !physical)
			code = EIO;
		if (!code && run && physical == begin + run) {
			run++;
			continue;
		}
		if (!code && run)
			code = io_channel_write_blk64(fs->fs->io, begin, (int)run,
						      data + done * fs->fs->blocksize);
		done += run;
		begin = physical;
		run = 1;
	}
	if (code || !run)
		return code;
	return io_channel_write_blk64(fs->fs->io, begin, (int)run, data + done * fs->fs->blocksize);
}

static errcode_t write_run(struct ext4 *fs, blk64_t first, const char *data, size_t blocks)
{
	struct ext4_data *d = &fs->data;
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(fs->fs, d->ino, &inode);

	if (!code)
		code = ext2fs_fallocate(fs->fs,
					EXT2_FALLOCATE_FORCE_INIT | EXT2_FALLOCATE_INIT_BEYOND_EOF,
					d->ino, &inode, ~0ULL, first, blocks);
	return code ? code : write_blocks(fs, &inode, first, data, blocks);
}

/* The chunk begins at a block's boundary; its end is padded with zeros */
static errcode_t flush(struct ext4 *fs)
{
	struct ext4_data *d = &fs->data;
	size_t size = fs->fs->blocksize, blocks = (d->filled + size - 1) / size, i = 0;
	errcode_t code = 0;

	memset(d->chunk + d->filled, 0, blocks * size - d->filled);
	while (i < blocks && !code) {
		size_t run = 0;

		while (i + run < blocks && !is_zero(d->chunk + (i + run) * size, size))
			run++;
		if (run)
			code = write_run(fs, d->base / size + i, d->chunk + i * size, run);
		i += run ? run : 1;
	}
	return code;
}

int ext4_write(struct ext4 *fs, const void *data, size_t len, struct error *err)
{
	struct ext4_data *d = &fs->data;
	const char *p = data;

	while (len) {
		size_t room = EXT4_CHUNK - d->filled, part = len < room ? len : room;
		errcode_t code;

		memcpy(d->chunk + d->filled, p, part);
		d->filled += part;
		d->offset += part;
		p += part;
		len -= part;
		if (d->filled < EXT4_CHUNK)
			break;
		code = flush(fs);
		if (code)
			return ext4_fail(err, code, "image");
		d->base += EXT4_CHUNK;
		d->filled = 0;
	}
	return 0;
}

int ext4_seek(struct ext4 *fs, uint64_t offset, struct error *err)
{
	struct ext4_data *d = &fs->data;
	uint64_t most = ext2fs_blocks_count(fs->fs->super) * fs->fs->blocksize;
	errcode_t code;

	if (offset < d->offset)
		return error_set(err, 0, "pieces of a sparse file are out of order");
	/* A hole takes no space, but nobody means one that is larger than the disk */
	if (offset > most)
		return error_set(err, 0, "a file of %llu bytes is larger than the image's disk",
				 (unsigned long long)offset);
	if (offset < d->base + EXT4_CHUNK) {
		memset(d->chunk + d->filled, 0, offset - d->base - d->filled);
		d->filled = offset - d->base;
		d->offset = offset;
		return 0;
	}
	code = flush(fs);
	if (code)
		return ext4_fail(err, code, "image");
	d->base = offset / fs->fs->blocksize * fs->fs->blocksize;
	d->filled = offset - d->base;
	d->offset = offset;
	memset(d->chunk, 0, d->filled);
	return 0;
}

int ext4_data_close(struct ext4 *fs, struct error *err)
{
	struct ext4_data *d = &fs->data;
	struct ext2_inode inode;
	errcode_t code;

	if (!d->ino)
		return 0;
	code = flush(fs);
	if (!code)
		code = ext2fs_read_inode(fs->fs, d->ino, &inode);
	if (!code)
		code = ext2fs_inode_size_set(fs->fs, &inode, d->offset);
	if (!code)
		code = ext2fs_write_inode(fs->fs, d->ino, &inode);
	d->ino = 0;
	return code ? ext4_fail(err, code, "image") : 0;
}
