// SPDX-License-Identifier: GPL-2.0-only
/* sums.c - checksums of layers of memory, which are made when nobody waits for them
 *
 * Theory of operation
 * A layer never changes once it is there, so its checksums can be made at any time, by anybody, and
 * are a file of their own, which is linked along with it. Holes are not read: they are zeros, whose
 * sum is 0 by definition. Files may be anything, so a length is looked at before it is believed.
 *
 * Host system calls: openat, fstat, lseek, pread, write, fdatasync, renameat, unlinkat.
 */
#include "sums.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/disk/crc32.h"
#include "vitrine/util.h"

#define LENGTH_MAX (1ULL << 42)

struct sums_file {
	struct sums_head head;
	uint32_t sums[];
};

static size_t size_of(uint64_t length)
{
	const uint64_t blocks = (length + SUMS_BLOCK - 1) / SUMS_BLOCK;

	return sizeof(struct sums_file) + blocks * sizeof(uint32_t);
}

static uint32_t crc_of(const struct sums_file *file)
{
	const size_t size = size_of(file->head.length) - sizeof(*file);
	struct {
		uint32_t head, sums;
	} both = { crc32_ieee(&file->head, offsetof(struct sums_head, crc)),
		   crc32_ieee(file->sums, size) };

	return crc32_ieee(&both, sizeof(both));
}

static int open_in(int dir, const char *name, struct stat *st)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, st))
		return -1;
	if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size > LENGTH_MAX) {
		errno = EINVAL;
		return -1;
	}
	return steal_fd(fd);
}

static int read_all(int fd, void *to, size_t len, off_t offset)
{
	while (len) {
		ssize_t n = pread(fd, to, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		to = (char *)to + n;
		len -= n;
		offset += n;
	}
	return 0;
}

/* Of one block. Return: 0 or -1 */
static int sum_block(int fd, uint64_t length, uint64_t block, uint32_t *sum)
{
	static const uint8_t zeros[SUMS_BLOCK];
	uint8_t data[SUMS_BLOCK];
	const uint64_t offset = block * SUMS_BLOCK;
	const size_t len = length - offset < SUMS_BLOCK ? length - offset : SUMS_BLOCK;

	if (read_all(fd, data, len, (off_t)offset))
		return -1;
	*sum = memcmp(data, zeros, len) ? crc32_ieee(data, len) : 0;
	return 0;
}

/* Checksums of what is there. Return: what the caller frees, or NULL with errno */
static struct sums_file *sum_up(int fd, uint64_t length)
{
	struct sums_file *file = calloc(1, size_of(length));
	off_t at = 0;

	if (!file)
		return NULL;
	file->head =
	    (struct sums_head){ .version = SUMS_VERSION, .block = SUMS_BLOCK, .length = length };
	memcpy(file->head.magic, SUMS_MAGIC, sizeof(file->head.magic));
	while ((uint64_t)at < length && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		const uint64_t block = (uint64_t)at / SUMS_BLOCK;

		if (sum_block(fd, length, block, &file->sums[block])) {
			free(file);
			return NULL;
		}
		at = (off_t)((block + 1) * SUMS_BLOCK);
	}
	file->head.crc = crc_of(file);
	return file;
}

static int write_file(int dir, const char *name, const struct sums_file *file)
{
	cleanup_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const size_t size = size_of(file->head.length);

	if (fd < 0)
		return -1;
	return write(fd, file, size) == (ssize_t)size && !fdatasync(fd) ? 0 : -1;
}

int sums_make(int dir, const char *name, struct error *err)
{
	char to[64], temporary[80];
	cleanup_close int fd = -1;
	cleanup_free struct sums_file *file = NULL;
	struct stat st;

	snprintf(to, sizeof(to), "%.48s" SUMS_SUFFIX, name);
	snprintf(temporary, sizeof(temporary), ".%s.%d", to, getpid());
	if (!fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	fd = open_in(dir, name, &st);
	file = fd < 0 ? NULL : sum_up(fd, st.st_size);
	if (!file)
		return error_set(err, errno, "cannot read %s", name);
	if (write_file(dir, temporary, file) || renameat(dir, temporary, dir, to)) {
		error_set(err, errno, "cannot write %s", to);
		unlinkat(dir, temporary, 0);
		return -1;
	}
	return 0;
}

/* Return: the sums, which the caller frees, or NULL */
static struct sums_file *read_sums(int fd, const struct stat *st, uint64_t length)
{
	cleanup_free struct sums_file *file = NULL;

	if ((uint64_t)st->st_size != size_of(length))
		return NULL;
	file = malloc(st->st_size);
	if (!file || read_all(fd, file, st->st_size, 0) || file->head.length != length ||
	    file->head.version != SUMS_VERSION || file->head.block != SUMS_BLOCK ||
	    memcmp(file->head.magic, SUMS_MAGIC, sizeof(file->head.magic)) ||
	    file->head.crc != crc_of(file))
		return NULL;
	return steal_ptr(file);
}

static enum sums bad(struct error *err, const char *name, const char *what)
{
	error_set(err, 0, "%s %s", name, what);
	return SUMS_BAD;
}

enum sums sums_check(int dir, const char *name, struct error *err)
{
	char sums[64];
	struct stat layer_st, st;
	cleanup_close int fd = open_in(dir, name, &layer_st), sums_fd = -1;
	cleanup_free struct sums_file *was = NULL, *now = NULL;
	const uint64_t length = fd < 0 ? 0 : (uint64_t)layer_st.st_size;

	snprintf(sums, sizeof(sums), "%.48s" SUMS_SUFFIX, name);
	if (fd < 0)
		return bad(err, name, "cannot be read");
	sums_fd = open_in(dir, sums, &st);
	if (sums_fd < 0 && errno == ENOENT)
		return SUMS_MISSING;
	was = sums_fd < 0 ? NULL : read_sums(sums_fd, &st, length);
	if (!was)
		return bad(err, sums, "is damaged");
	now = sum_up(fd, length);
	if (!now)
		return bad(err, name, "cannot be read");
	for (uint64_t i = 0; i * SUMS_BLOCK < length; i++) {
		if (was->sums[i] == now->sums[i])
			continue;
		error_set(err, 0, "%s is damaged at offset %" PRIu64, name, i * SUMS_BLOCK);
		return SUMS_BAD;
	}
	return SUMS_GOOD;
}
