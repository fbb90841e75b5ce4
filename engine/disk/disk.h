/* SPDX-License-Identifier: GPL-2.0-only */
/* disk.h - what is behind a virtual disk: an image, a part of it, or an overlay on one */
#ifndef ENGINE_DISK_DISK_H
#define ENGINE_DISK_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vitrine/error.h"
#include "fileio.h"
#include "engine/sandbox.h"

struct disk;

/**
 * struct disk_ops - a backend
 *
 * Offsets and lengths are in bytes, inside the disk, and multiples of 512. @flags is IO_*. All may
 * be called by several threads at a time and return 0 or a negative errno; @read and @write leave
 * the vector as it was. @flush makes every write durable that returned before it was called; it is
 * NULL when nothing has to be. @keep writes what lies over an image to a file, as a layer; with
 * @whole all of it, otherwise what no layer has. It is NULL when there is no such thing. @kept:
 * that was a success, and the disk goes on. @stamp tells files that somebody has written to from
 * what they were, and with @below leaves out what @keep writes down.
 */
struct disk_ops {
	int (*read)(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags);
	int (*write)(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags);
	int (*zero)(struct disk *disk, uint64_t off, uint64_t len, bool unmap);
	int (*discard)(struct disk *disk, uint64_t off, uint64_t len);
	int (*flush)(struct disk *disk);
	int (*keep)(struct disk *disk, int fd, bool whole);
	int (*kept)(struct disk *disk);
	uint64_t (*stamp)(struct disk *disk, bool below);
	void (*close)(struct disk *disk);
};

/**
 * struct disk - common part of every backend
 * @path:      of the image, for messages; owned
 * @size:      bytes, a multiple of 512
 * @read_only: only read() and flush() are called
 * @written:   changes that have returned
 * @synced:    changes that are known to be durable
 * @flush_error: what a flush failed with, once one has
 */
struct disk {
	const struct disk_ops *ops;
	char *path;
	uint64_t size;
	bool read_only;
	atomic_uint_least64_t written, synced;
	atomic_int flush_error;
};

/**
 * disk_open() - Open, lock and check an image and what lies over it
 * @config:      which image, and how
 * @expected_fs: file system type that it must hold ("ext4"), or NULL for any content
 * @disk:        set on success
 * @err:         set on failure: one line that names the image and what to do
 *
 * A writable image is locked against every other user, a read-only or overlaid one against
 * writers, with open file description locks (fcntl(2)) that end with this process.
 *
 * Return: 0 or -1.
 */
int disk_open(const struct sandbox_disk *config, const char *expected_fs, struct disk **disk,
	      struct error *err);

/* As struct disk_ops; disk_write(), disk_zero() and disk_discard() fail on a read-only disk */
int disk_read(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags);
int disk_write(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags);
int disk_zero(struct disk *disk, uint64_t off, uint64_t len, bool unmap);
int disk_discard(struct disk *disk, uint64_t off, uint64_t len);

/**
 * disk_has_flush() - Whether disk_flush() can have anything to do
 */
static inline bool disk_has_flush(const struct disk *disk)
{
	return disk->ops->flush;
}

/**
 * disk_flush() - Make every change durable that returned before this call
 * @flags: with IO_NOWAIT, -EAGAIN unless there is nothing to do
 */
int disk_flush(struct disk *disk, int flags);

/**
 * disk_is_thrown_away() - Whether what is written is gone with this process
 */
static inline bool disk_is_thrown_away(const struct disk *disk)
{
	return disk->ops->keep && !disk->ops->flush;
}

/**
 * disk_can_keep() - Whether what is written can be told apart from what is below
 */
static inline bool disk_can_keep(const struct disk *disk)
{
	return disk->ops->keep;
}

#define DISK_NOTHING_KEPT 1

/**
 * disk_keep() - Write down what is written over an image; nothing writes to the disk meanwhile
 * @fd:    an empty file, which becomes a layer (sandbox_disk.saved)
 * @whole: with what such layers have that the disk was opened with, or that were written since
 *
 * Return: 0, DISK_NOTHING_KEPT, when nothing has changed, or a negative errno.
 */
int disk_keep(struct disk *disk, int fd, bool whole);

/**
 * disk_kept() - What was kept is a layer: later ones are over it
 *
 * Return: 0, or a negative errno: they have to be whole.
 */
int disk_kept(struct disk *disk);

/**
 * disk_saved_fd() - A descriptor of one of sandbox_disk.saved, by its index there; -1: there is
 * none
 */
int disk_saved_fd(struct disk *disk, unsigned index);

/**
 * disk_stamp() - A number that changes when the files behind a disk are written to, or are others
 * @below: only those that disk_keep() leaves out
 */
uint64_t disk_stamp(struct disk *disk, bool below);

/**
 * disk_close() - Flush and free; NULL is fine
 *
 * Return: what the flush said.
 */
int disk_close(struct disk *disk);

#endif
