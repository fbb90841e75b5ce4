/* SPDX-License-Identifier: GPL-2.0-only */
/* fileio.h - whole transfers between buffers and a range of a file */
#ifndef ENGINE_DISK_FILEIO_H
#define ENGINE_DISK_FILEIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define IO_NOWAIT 1 /* fail with -EAGAIN instead of waiting for a device or a lock */
#define IO_BRIEF 2  /* with IO_NOWAIT: a small write to the host's page cache is no waiting */

/**
 * struct file_range - a file, or a part of it, that is somebody's block device
 * @fd:     owned by the holder of the range
 * @start:  bytes in front of the range
 * @memory: the file lives in memory (tmpfs), so that a plain transfer does not wait
 * @no_nowait_read, @no_nowait_write: the host does not support RWF_NOWAIT here
 * @no_punch, @no_zero: nor these modes of fallocate(2)
 * @slow_until: no IO_BRIEF writes before this time (CLOCK_MONOTONIC, ns)
 */
struct file_range {
	int fd;
	uint64_t start;
	bool memory;
	atomic_bool no_nowait_read, no_nowait_write;
	atomic_bool no_punch, no_zero;
	atomic_uint_least64_t slow_until;
};

/**
 * file_range_init() - Describe a range
 * @file:  filled
 * @fd:    stays with the caller
 * @start: bytes
 */
void file_range_init(struct file_range *file, int fd, uint64_t start);

/**
 * file_read() - Read all of @len bytes, or fail
 * @file:  where from
 * @iov:   at least @skip + @len bytes of buffers; changed during the call, the same afterwards
 * @skip:  bytes of @iov to leave alone at the front
 * @off:   bytes from the start of the range
 * @len:   bytes, > 0
 * @flags: IO_*
 *
 * Return: 0 or a negative errno; -EIO when the file ends early, -EAGAIN only with IO_NOWAIT. Some
 * of the buffers may have been filled in any case.
 */
int file_read(struct file_range *file, struct iovec *iov, uint64_t skip, uint64_t off, uint64_t len,
	      int flags);

/**
 * file_write() - Write all of @len bytes, or fail
 *
 * Arguments and return value as file_read(). A write that failed may have been done in part.
 */
int file_write(struct file_range *file, struct iovec *iov, uint64_t skip, uint64_t off,
	       uint64_t len, int flags);

/**
 * file_zero() - Make a part of the range read as zeros
 * @unmap: its space may be given back to the host
 *
 * Return: 0 or a negative errno.
 */
int file_zero(struct file_range *file, uint64_t off, uint64_t len, bool unmap);

/**
 * file_discard() - Give the space of a part of the range back, when the host can
 *
 * What it reads as afterwards is zeros or what it was. Return: 0 or a negative errno.
 */
int file_discard(struct file_range *file, uint64_t off, uint64_t len);

/* A number that tells a file from another one, and from what it is after a write */
uint64_t file_stamp(int fd);

/* The same as file_read() and file_write() for one plain buffer, and waiting */
int file_read_buf(struct file_range *file, void *buf, uint64_t off, uint64_t len);
int file_write_buf(struct file_range *file, const void *buf, uint64_t off, uint64_t len);

#endif
