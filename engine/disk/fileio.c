// SPDX-License-Identifier: GPL-2.0-only
/* fileio.c - whole transfers between buffers and a range of a file
 *
 * Theory of operation
 * preadv2(2) and pwritev2(2) may transfer less than was asked for, and may refuse RWF_NOWAIT by
 * file system (ext4 has it for reads, XFS and Btrfs for both, tmpfs for neither). Here is the one
 * place that knows.
 *
 * Where RWF_NOWAIT is missing for writes, IO_BRIEF allows an ordinary one if it is small. It copies
 * to the host's page cache in a few microseconds, unless the host throttles writers or its journal
 * is busy. One that was slow is the last for a second, which bounds what a guest loses by it.
 *
 * To go on after a short transfer, or to transfer only the middle of a vector,
 * the vector's first and last elements are clipped in place and restored afterwards: no copy of
 * the vector is needed, which matters on a kernel stack of 16 KiB.
 *
 * Host system calls: preadv2, pwritev2, fallocate, fstatfs, clock_gettime.
 */
#include "fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#include "lib/clock.h"
#include "vitrine/util.h"

#define BRIEF_MAX (32 * 1024)
#define BRIEF_SLOW_NS 1000000ULL
#define BRIEF_PAUSE_NS 1000000000ULL

/* The part [skip, skip + len) of a vector, as a vector in place */
struct iov_part {
	struct iovec *iov, *last;
	struct iovec saved_first, saved_last;
	int count;
};

static void iov_clip(struct iov_part *part, struct iovec *iov, uint64_t skip, uint64_t len)
{
	for (; skip >= iov->iov_len; iov++)
		skip -= iov->iov_len;
	part->iov = iov;
	part->saved_first = *iov;
	iov->iov_base = (char *)iov->iov_base + skip;
	iov->iov_len -= skip;

	for (; len > iov->iov_len; iov++)
		len -= iov->iov_len;
	part->last = iov;
	part->saved_last = *iov;
	iov->iov_len = len;
	part->count = (int)(iov - part->iov) + 1;
}

static void iov_restore(const struct iov_part *part)
{
	*part->last = part->saved_last;
	*part->iov = part->saved_first;
}

void file_range_init(struct file_range *file, int fd, uint64_t start)
{
	struct statfs fs;

	*file = (struct file_range){ .fd = fd, .start = start };
	file->memory = !fstatfs(fd, &fs) && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

typedef ssize_t transfer_fn(int fd, const struct iovec *iov, int count, off_t off, int flags);

static int transfer(struct file_range *file, transfer_fn *fn, struct iovec *iov, uint64_t skip,
		    uint64_t off, uint64_t len, int flags)
{
	struct iov_part part;
	ssize_t n;

	while (len) {
		iov_clip(&part, iov, skip, len);
		n = fn(file->fd, part.iov, part.count, (off_t)(file->start + off), flags);
		iov_restore(&part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
		skip += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int try_nowait(struct file_range *file, transfer_fn *fn, atomic_bool *unsupported,
		      struct iovec *iov, uint64_t skip, uint64_t off, uint64_t len)
{
	int ret;

	if (file->memory)
		return transfer(file, fn, iov, skip, off, len, 0);
	if (atomic_load_explicit(unsupported, memory_order_relaxed))
		return -EAGAIN;

	ret = transfer(file, fn, iov, skip, off, len, RWF_NOWAIT);
	if (ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ENOSYS) {
		atomic_store_explicit(unsupported, true, memory_order_relaxed);
		return -EAGAIN;
	}
	/* Whatever else is wrong, the attempt that may wait finds out for good */
	return ret ? -EAGAIN : 0;
}

int file_read(struct file_range *file, struct iovec *iov, uint64_t skip, uint64_t off, uint64_t len,
	      int flags)
{
	if (flags & IO_NOWAIT)
		return try_nowait(file, preadv2, &file->no_nowait_read, iov, skip, off, len);
	return transfer(file, preadv2, iov, skip, off, len, 0);
}

static int write_brief(struct file_range *file, struct iovec *iov, uint64_t skip, uint64_t off,
		       uint64_t len)
{
	uint64_t begin = clock_now_ns(), end;
	int ret;

	if (len > BRIEF_MAX || begin < atomic_load(&file->slow_until))
		return -EAGAIN;
	ret = transfer(file, pwritev2, iov, skip, off, len, 0);
	end = clock_now_ns();
	if (end - begin > BRIEF_SLOW_NS)
		atomic_store(&file->slow_until, end + BRIEF_PAUSE_NS);
	return ret ? -EAGAIN : 0;
}

int file_write(struct file_range *file, struct iovec *iov, uint64_t skip, uint64_t off,
	       uint64_t len, int flags)
{
	if ((flags & IO_BRIEF) && atomic_load(&file->no_nowait_write))
		return write_brief(file, iov, skip, off, len);
	if (flags & IO_NOWAIT)
		return try_nowait(file, pwritev2, &file->no_nowait_write, iov, skip, off, len);
	return transfer(file, pwritev2, iov, skip, off, len, 0);
}

int file_read_buf(struct file_range *file, void *buf, uint64_t off, uint64_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };

	return file_read(file, &iov, 0, off, len, 0);
}

int file_write_buf(struct file_range *file, const void *buf, uint64_t off, uint64_t len)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };

	return file_write(file, &iov, 0, off, len, 0);
}

/* Return: 0, -EOPNOTSUPP when the host cannot do it here, or another negative errno */
static int try_fallocate(struct file_range *file, int mode, atomic_bool *unsupported, uint64_t off,
			 uint64_t len)
{
	if (atomic_load_explicit(unsupported, memory_order_relaxed))
		return -EOPNOTSUPP;
	while (fallocate(file->fd, mode, (off_t)(file->start + off), (off_t)len)) {
		if (errno == EINTR)
			continue;
		/* EINVAL: block devices insist on their own block size */
		if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
			return -errno;
		if (errno != EINVAL)
			atomic_store_explicit(unsupported, true, memory_order_relaxed);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int write_zeros(struct file_range *file, uint64_t off, uint64_t len)
{
	static const char zeros[64 * 1024];
	uint64_t chunk;
	int ret;

	for (; len; off += chunk, len -= chunk) {
		chunk = len < sizeof(zeros) ? len : sizeof(zeros);
		ret = file_write_buf(file, zeros, off, chunk);
		if (ret)
			return ret;
	}
	return 0;
}

int file_discard(struct file_range *file, uint64_t off, uint64_t len)
{
	int ret = try_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, &file->no_punch,
				off, len);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

int file_zero(struct file_range *file, uint64_t off, uint64_t len, bool unmap)
{
	int ret = -EOPNOTSUPP;

	if (unmap)
		ret = try_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    &file->no_punch, off, len);
	if (ret == -EOPNOTSUPP)
		ret = try_fallocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
				    &file->no_zero, off, len);
	if (ret == -EOPNOTSUPP)
		ret = write_zeros(file, off, len);
	return ret;
}

#define FNV_OFFSET 0xcbf29ce484222325UL
#define FNV_PRIME 0x100000001b3UL

uint64_t file_stamp(int fd)
{
	uint64_t stamp = FNV_OFFSET;
	struct stat st = { 0 };

	if (fstat(fd, &st))
		return 0;
	const uint64_t words[] = { st.st_dev, st.st_ino, (uint64_t)st.st_size,
				   (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec };

	for (size_t i = 0; i < sizeof(words); i++)
		stamp = (stamp ^ ((const uint8_t *)words)[i]) * FNV_PRIME;
	return stamp;
}
