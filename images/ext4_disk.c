// SPDX-License-Identifier: GPL-2.0-only
/* ext4_disk.c - libext2fs on one of the engine's disks
 *
 * With it a file system is read and written through layers, and by a process that can open no file.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "engine/disk/disk.h"
#include "images/ext4_disk.h"
#include "vitrine/util.h"

#define SECTOR 512

static struct disk *next_disk; /* from ext4_disk_manager() to the open() that follows */

static struct disk *disk_of(io_channel channel)
{
	return channel->private_data;
}

static errcode_t open_channel(const char *name, int flags, io_channel *result)
{
	io_channel channel = calloc(1, sizeof(*channel));

	if (!channel)
		return ENOMEM;
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	channel->manager = ext4_disk_manager(next_disk);
	channel->block_size = 1024;
	channel->refcount = 1;
	channel->name = strdup(name);
	channel->private_data = next_disk;
	*result = channel;
	return 0;
}

static errcode_t close_channel(io_channel channel)
{
	if (--channel->refcount)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t set_block_size(io_channel channel, int size)
{
	channel->block_size = size;
	return 0;
}

/* A negative count is bytes */
static size_t length_of(io_channel channel, int count)
{
	return count < 0 ? (size_t) - (long)count : (size_t)count * channel->block_size;
}

/* Disks are read and written in sectors, the superblock may be in parts of them */
static errcode_t transfer_part(struct disk *disk, uint64_t at, size_t len, void *read_to,
			       const void *write_from)
{
	uint64_t first = at / SECTOR * SECTOR;
	size_t size = (at + len + SECTOR - 1) / SECTOR * SECTOR - first;
	cleanup_free char *buffer = malloc(size);
	struct iovec iov = { buffer, size };
	int ret;

	if (!buffer)
		return ENOMEM;
	ret = disk_read(disk, &iov, first, size, 0);
	if (!ret && read_to)
		memcpy(read_to, buffer + (at - first), len);
	if (!ret && write_from) {
		memcpy(buffer + (at - first), write_from, len);
		ret = disk_write(disk, &iov, first, size, 0);
	}
	return -ret;
}

static errcode_t transfer(io_channel channel, uint64_t at, size_t len, void *read_to,
			  const void *write_from)
{
	struct disk *disk = disk_of(channel);
	struct iovec iov = { read_to ? read_to : (void *)write_from, len };

	if (at > disk->size || len > disk->size - at)
		return read_to ? EXT2_ET_SHORT_READ : EXT2_ET_SHORT_WRITE;
	if (!len)
		return 0;
	if (at % SECTOR || len % SECTOR)
		return transfer_part(disk, at, len, read_to, write_from);
	return read_to ? -disk_read(disk, &iov, at, len, 0) : -disk_write(disk, &iov, at, len, 0);
}

static errcode_t read64(io_channel channel, unsigned long long block, int count, void *data)
{
	uint64_t at;

	if (__builtin_mul_overflow(block, (uint64_t)channel->block_size, &at))
		return EXT2_ET_SHORT_READ;
	return transfer(channel, at, length_of(channel, count), data, NULL);
}

static errcode_t write64(io_channel channel, unsigned long long block, int count, const void *data)
{
	uint64_t at;

	if (__builtin_mul_overflow(block, (uint64_t)channel->block_size, &at))
		return EXT2_ET_SHORT_WRITE;
	return transfer(channel, at, length_of(channel, count), NULL, data);
}

static errcode_t read32(io_channel channel, unsigned long block, int count, void *data)
{
	return read64(channel, block, count, data);
}

static errcode_t write32(io_channel channel, unsigned long block, int count, const void *data)
{
	return write64(channel, block, count, data);
}

static errcode_t write_byte(io_channel channel, unsigned long offset, int count, const void *data)
{
	return transfer(channel, offset, count, NULL, data);
}

static errcode_t flush(io_channel channel)
{
	return disk_of(channel)->read_only ? 0 : -disk_flush(disk_of(channel), 0);
}

io_manager ext4_disk_manager(struct disk *disk)
{
	static struct struct_io_manager manager = {
		.magic = EXT2_ET_MAGIC_IO_MANAGER,
		.name = "disk",
		.open = open_channel,
		.close = close_channel,
		.set_blksize = set_block_size,
		.read_blk = read32,
		.write_blk = write32,
		.flush = flush,
		.write_byte = write_byte,
		.read_blk64 = read64,
		.write_blk64 = write64,
	};

	next_disk = disk;
	return &manager;
}
