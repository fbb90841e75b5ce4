// SPDX-License-Identifier: GPL-2.0-only
/* extents.c - memory files, and the parts of them that are not zero
 *
 * Theory of operation
 * A memory file is as long as the guest's memory and mostly holes. Of what is there, pages of zeros
 * and pages that the kernel has called unused are left out. Looking at a hole through the mapping
 * would fill it with a page, so the host is asked where there are any.
 *
 * Host system calls: lseek, pwrite, pread, ftruncate, fsync, fstat, mmap, munmap.
 */
#include "extents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vitrine/util.h"

#define PAGE SNAPSHOT_PAGE
#define PIECE (2UL << 20) /* of one write */

static bool is_zero(const uint8_t *page)
{
	const uint64_t *words = (const uint64_t *)page;
	uint64_t any = 0;

	for (unsigned i = 0; i < PAGE / sizeof(*words); i += 8) {
		any = words[i] | words[i + 1] | words[i + 2] | words[i + 3] | words[i + 4] |
		      words[i + 5] | words[i + 6] | words[i + 7];
		if (any)
			return false;
	}
	return true;
}

static bool is_wanted(const struct extents_source *source, uint64_t offset)
{
	return !(source->unused && source->unused(offset)) && !is_zero(source->at + offset);
}

static int copy(int fd, const uint8_t *at, uint64_t offset, uint64_t end)
{
	while (offset < end) {
		const uint64_t len = end - offset < PIECE ? end - offset : PIECE;
		ssize_t n = pwrite(fd, at + offset, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		offset += n;
	}
	return 0;
}

/* What of [at, end), which the host says is there, is wanted */
static int save_range(const struct extents_source *source, struct snapshot_writer *writer, int fd,
		      uint64_t at, uint64_t end)
{
	struct snapshot_extent extent;

	while (at < end) {
		while (at < end && !is_wanted(source, at))
			at += PAGE;
		extent.offset = at;
		while (at < end && is_wanted(source, at))
			at += PAGE;
		extent.length = at - extent.offset;
		if (!extent.length)
			break;
		if (copy(fd, source->at, extent.offset, at))
			return -1;
		snapshot_append(writer, &extent, sizeof(extent));
	}
	return 0;
}

int extents_save(const struct extents_source *source, struct snapshot_writer *writer,
		 enum snapshot_kind kind, int fd, struct error *err)
{
	off_t at = 0, end;

	snapshot_add(writer, kind, NULL, 0);
	if (ftruncate(fd, (off_t)source->size))
		return error_set(err, errno, "cannot write the sandbox's memory");
	while ((at = lseek(source->fd, at, SEEK_DATA)) >= 0) {
		end = lseek(source->fd, at, SEEK_HOLE);
		if (end < 0 || save_range(source, writer, fd, at & ~(off_t)(PAGE - 1), end))
			return error_set(err, errno, "cannot write the sandbox's memory");
		at = end;
	}
	if (fsync(fd))
		return error_set(err, errno, "cannot write the sandbox's memory");
	return 0;
}

static int fill(uint8_t *into, int fd, const struct snapshot_extent *extent)
{
	uint64_t at = extent->offset, end = at + extent->length;

	while (at < end) {
		ssize_t n = pread(fd, into + at, end - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
	}
	return 0;
}

int extents_load(const struct snapshot_file *file, enum snapshot_kind kind, int fd, int to,
		 void *into, uint64_t size, struct error *err)
{
	size_t count;
	const struct snapshot_extent *extents = snapshot_extents(file, kind, size, &count, err);
	struct stat st;
	uint8_t *at = NULL;
	int ret = 0;

	if (!extents)
		return -1;
	if (fstat(fd, &st) || (uint64_t)st.st_size != size)
		return error_set(err, 0, "the paused sandbox's memory is damaged");
	if (to >= 0)
		at = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (at == MAP_FAILED)
		return error_set(err, errno, "cannot read the sandbox's memory");
	/* The host reads for us: a file that is cut off meanwhile is an error, not a signal */
	for (size_t i = 0; i < count && !ret; i++)
		ret = at ? copy(to, at, extents[i].offset, extents[i].offset + extents[i].length)
			 : fill(into, fd, &extents[i]);
	if (ret)
		error_set(err, errno, "cannot read the sandbox's memory");
	if (at)
		munmap(at, size);
	return ret;
}
