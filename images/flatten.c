// SPDX-License-Identifier: GPL-2.0-only
/* flatten.c - one raw image of a file system that lies in layers */

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <string.h>
#include "engine/disk/disk.h"
#include "images/ext4_disk.h"
#include "images/flatten.h"
#include "images/process.h"
#include "images/progress.h"
#include "vitrine/util.h"

#define CHUNK (1 << 20)

static bool is_zero(const char *data, size_t len)
{
	return !data[0] && !memcmp(data, data + 1, len - 1);
}

static int copy(struct disk *disk, int fd, char *buffer, uint64_t at, size_t len, struct error *err)
{
	struct iovec iov = { buffer, len };
	int ret = disk_read(disk, &iov, at, len, 0);

	if (ret)
		return error_set(err, -ret, "cannot read the image");
	if (!is_zero(buffer, len) && pwrite(fd, buffer, len, at) != (ssize_t)len)
		return error_set(err, errno ? errno : ENOSPC, "cannot write the image");
	return 0;
}

/* The length of the run of used blocks at @block, which is used */
static blk64_t run_at(ext2_filsys fs, blk64_t block, blk64_t blocks)
{
	blk64_t most = CHUNK / fs->blocksize, run = 1;

	while (run < most && block + run < blocks &&
	       ext2fs_test_block_bitmap2(fs->block_map, block + run))
		run++;
	return run;
}

static int copy_used(struct disk *disk, ext2_filsys fs, int fd, char *buffer, struct error *err)
{
	blk64_t blocks = ext2fs_blocks_count(fs->super), block = fs->super->s_first_data_block;
	uint64_t done = 0;

	while (block < blocks) {
		blk64_t run;

		if (ext2fs_find_first_set_block_bitmap2(fs->block_map, block, blocks - 1, &block))
			break;
		if (interrupt_caught())
			return error_set(err, 0, "interrupted");
		run = run_at(fs, block, blocks);
		if (copy(disk, fd, buffer, block * fs->blocksize, run * fs->blocksize, err))
			return -1;
		block += run;
		done += run * fs->blocksize;
		progress_bytes(done);
	}
	return 0;
}

int flatten(struct disk *disk, int fd, struct error *err)
{
	cleanup_free char *buffer = malloc(CHUNK);
	ext2_filsys fs = NULL;
	errcode_t code;
	int ret;

	if (!buffer)
		return error_set(err, ENOMEM, "cannot read the image");
	if (ftruncate(fd, disk->size))
		return error_set(err, errno, "cannot write the image");
	code = ext2fs_open("image", EXT2_FLAG_64BITS, 0, 0, ext4_disk_manager(disk), &fs);
	if (!code)
		code = ext2fs_read_bitmaps(fs);
	if (code) {
		ret = error_set(err, 0, "cannot read the image: %s", error_message(code));
	} else {
		/* What comes before the first block that the bitmap speaks of */
		ret = copy(disk, fd, buffer, 0, 4096, err);
		if (!ret)
			ret = copy_used(disk, fs, fd, buffer, err);
	}
	if (fs)
		ext2fs_free(fs);
	return ret;
}
