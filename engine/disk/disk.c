// SPDX-License-Identifier: GPL-2.0-only
/* disk.c - open images, and the backend for raw ones
 *
 * Theory of operation
 * disk_open() is a list of steps: open, lock, measure, find the partition, look at the content, put
 * an overlay on top. Each has its own message, because "cannot open image" helps nobody.
 *
 * Locks are open file description locks on the whole image: a write lock for a writable disk, a
 * read lock for a read-only one and for the base of an overlay (which must not change underneath).
 * The kernel drops them with the last descriptor, however the process ends.
 *
 * A flush waits for the host's disk only when something was written since the last one. `written`
 * counts changes that have returned; a flush that begins when it is N makes `synced` at least N
 * when it ends. Two numbers, not a flag: a second flush that comes while the first is still waiting
 * must wait as well. After a flush that failed the host may have dropped what it could not write
 * and say nothing about it later, so that every flush from then on fails.
 *
 * Host system calls: openat, fcntl, fstat, lseek, fdatasync, close, and those of fileio.c.
 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "overlay.h"
#include "partition.h"
#include "sniff.h"
#include "stack.h"
#include "vitrine/util.h"

#define SECTOR 512

struct raw_disk {
	struct disk disk;
	struct file_range file;
};

static struct raw_disk *to_raw(struct disk *disk)
{
	return (struct raw_disk *)disk;
}

static int raw_read(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	return file_read(&to_raw(disk)->file, iov, 0, off, len, flags);
}

static int raw_write(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	return file_write(&to_raw(disk)->file, iov, 0, off, len, flags);
}

static int raw_zero(struct disk *disk, uint64_t off, uint64_t len, bool unmap)
{
	return file_zero(&to_raw(disk)->file, off, len, unmap);
}

static int raw_discard(struct disk *disk, uint64_t off, uint64_t len)
{
	return file_discard(&to_raw(disk)->file, off, len);
}

static int raw_flush(struct disk *disk)
{
	return fdatasync(to_raw(disk)->file.fd) ? -errno : 0;
}

static uint64_t raw_stamp(struct disk *disk, bool below)
{
	return file_stamp(to_raw(disk)->file.fd);
}

static void raw_close(struct disk *disk)
{
	close(to_raw(disk)->file.fd);
	free(to_raw(disk));
}

static const struct disk_ops raw_ops = {
	.read = raw_read,
	.write = raw_write,
	.zero = raw_zero,
	.discard = raw_discard,
	.flush = raw_flush,
	.stamp = raw_stamp,
	.close = raw_close,
};

int disk_read(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	return disk->ops->read(disk, iov, off, len, flags);
}

/* A change that failed may have been done in part, so that it counts too */
static int changed(struct disk *disk, int ret)
{
	if (ret != -EAGAIN)
		atomic_fetch_add(&disk->written, 1);
	return ret;
}

int disk_write(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	if (disk->read_only)
		return -EROFS;
	return changed(disk, disk->ops->write(disk, iov, off, len, flags));
}

int disk_zero(struct disk *disk, uint64_t off, uint64_t len, bool unmap)
{
	if (disk->read_only)
		return -EROFS;
	return changed(disk, disk->ops->zero(disk, off, len, unmap));
}

int disk_discard(struct disk *disk, uint64_t off, uint64_t len)
{
	if (disk->read_only)
		return -EROFS;
	return changed(disk, disk->ops->discard(disk, off, len));
}

int disk_flush(struct disk *disk, int flags)
{
	uint_least64_t upto = atomic_load(&disk->written);
	uint_least64_t synced = atomic_load(&disk->synced);
	int ret = atomic_load(&disk->flush_error);

	if (!disk_has_flush(disk) || (synced >= upto && !ret))
		return 0;
	if (ret)
		return ret;
	if (flags & IO_NOWAIT)
		return -EAGAIN;

	ret = disk->ops->flush(disk);
	if (ret) {
		atomic_store(&disk->flush_error, ret);
		return ret;
	}
	while (synced < upto && !atomic_compare_exchange_weak(&disk->synced, &synced, upto))
		continue;
	return 0;
}

int disk_keep(struct disk *disk, int fd, bool whole)
{
	return disk->ops->keep(disk, fd, whole);
}

int disk_kept(struct disk *disk)
{
	return disk->ops->kept(disk);
}

uint64_t disk_stamp(struct disk *disk, bool below)
{
	return disk->ops->stamp(disk, below);
}

int disk_close(struct disk *disk)
{
	int ret;

	if (!disk)
		return 0;
	ret = disk_flush(disk, 0);
	free(disk->path);
	disk->ops->close(disk);
	return ret;
}

/* Why a writable open was refused, when a read-only one would not be */
static int open_failed(const char *path, int code, bool writable, struct error *err)
{
	if (code == ENOENT)
		return error_set(err, 0, "there is no image %s", path);
	if (code == EISDIR)
		return error_set(err, 0, "image %s is a directory", path);
	if (writable && (code == EACCES || code == EPERM || code == EROFS) && !access(path, R_OK))
		return error_set(err, 0, "image %s is not writable; use --ephemeral or --read-only",
				 path);
	return error_set(err, code, "cannot open image %s", path);
}

static int lock_image(int fd, const char *path, bool writable, struct error *err)
{
	struct flock lock = { .l_type = writable ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	/* A host file system without locks protects nobody, but works */
	if (errno != EAGAIN && errno != EACCES)
		return 0;
	if (writable)
		return error_set(err, 0,
				 "image %s is in use by another sandbox; "
				 "use --ephemeral or --read-only",
				 path);
	return error_set(err, 0, "image %s is being written by another sandbox; wait or copy it",
			 path);
}

/* Bytes in an image, rounded down to whole sectors */
static int measure(int fd, const char *path, uint64_t *size, struct error *err)
{
	struct stat st;
	off_t end;

	if (fstat(fd, &st))
		return error_set(err, errno, "cannot open image %s", path);
	if (S_ISDIR(st.st_mode))
		return error_set(err, 0, "image %s is a directory", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, 0, "image %s is neither a file nor a block device", path);

	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return error_set(err, errno, "cannot measure image %s", path);
	if (end < SECTOR)
		return error_set(
		    err, 0, end ? "image %s is too small to be a disk" : "image %s is empty", path);
	*size = (uint64_t)end - (uint64_t)end % SECTOR;
	return 0;
}

static int raw_open(int fd, uint64_t start, struct disk **disk, struct error *err)
{
	struct raw_disk *raw = calloc(1, sizeof(*raw));

	if (!raw) {
		close(fd);
		return error_set(err, ENOMEM, "cannot open a disk");
	}
	file_range_init(&raw->file, fd, start);
	raw->disk.ops = &raw_ops;
	*disk = &raw->disk;
	return 0;
}

int disk_open(const struct sandbox_disk *config, const char *expected_fs, struct disk **disk,
	      struct error *err)
{
	bool overlaid = config->overlay || (config->ephemeral && !config->read_only);
	bool writable = !config->read_only && !overlaid && !config->layers;
	const char *path = config->path;
	struct partition part = { 0 };
	cleanup_free char *name = NULL;
	cleanup_close int fd = -1;
	struct file_range range;
	struct disk *opened;

	/* O_NONBLOCK: a named pipe is refused below instead of waited for */
	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return open_failed(path, errno, writable, err);
	if (measure(fd, path, &part.size, err) || lock_image(fd, path, writable, err))
		return -1;
	if (config->partition && partition_find(fd, path, part.size, config->partition, &part, err))
		return -1;
	file_range_init(&range, fd, part.start);
	/* What is at the bottom of a stack says nothing about what is on top */
	if (!config->layers &&
	    sniff_check(&range, path, part.size, expected_fs, config->read_only, err))
		return -1;

	name = strdup(path);
	if (!name)
		return error_set(err, ENOMEM, "cannot open image %s", path);
	if (overlaid) {
		if (overlay_open(config, steal_fd(fd), &part, &opened, err))
			return -1;
	} else if (config->layers || (config->saved && config->saved[0])) {
		if (stack_disk(config, steal_fd(fd), &part, &opened, err))
			return -1;
	} else if (raw_open(steal_fd(fd), part.start, &opened, err)) {
		return -1;
	}

	opened->path = steal_ptr(name);
	opened->size = part.size;
	opened->read_only = config->read_only;
	/* Whoever had it before may have been killed between a write and its flush */
	atomic_store(&opened->written, !config->read_only);
	*disk = opened;
	return 0;
}
