// SPDX-License-Identifier: GPL-2.0-only
/* overlay_file.c - make, open and check the file that an overlay's data go to
 *
 * Theory of operation
 * A new file is locked first and given its header then, so that two sandboxes that start at once do
 * not both make it; the header is durable before the first data are. A crash before that leaves a
 * file of length 0, which counts as missing. Nothing in the header is used: everything in it
 * follows from the disk's size and must be equal to what we compute.
 *
 * Host system calls: openat, unlinkat, fcntl, fstat, ftruncate, pread64, pwrite64, fsync,
 * memfd_create, close.
 */
#include "overlay_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "crc32.h"
#include "overlay.h"
#include "lib/memfile.h"
#include "vitrine/util.h"

struct overlay_layout overlay_layout(uint64_t disk_size)
{
	struct overlay_layout layout = { .disk_size = disk_size };
	uint64_t page_clusters = OVERLAY_PAGE * 8ULL;

	layout.clusters = (disk_size - 1) / (1ULL << OVERLAY_CLUSTER_BITS) + 1;
	layout.bitmap_size = (layout.clusters + page_clusters - 1) / page_clusters * OVERLAY_PAGE;
	layout.data_offset = OVERLAY_PAGE + layout.bitmap_size;
	return layout;
}

static struct overlay_header make_header(const struct overlay_layout *layout, uint32_t base_crc)
{
	struct overlay_header header = {
		.version = htole32(OVERLAY_VERSION),
		.cluster_bits = htole32(OVERLAY_CLUSTER_BITS),
		.disk_size = htole64(layout->disk_size),
		.bitmap_offset = htole64(OVERLAY_PAGE),
		.bitmap_size = htole64(layout->bitmap_size),
		.data_offset = htole64(layout->data_offset),
		.base_crc = htole32(base_crc),
	};

	memcpy(header.magic, OVERLAY_MAGIC, sizeof(header.magic));
	header.crc = htole32(crc32_ieee(&header, offsetof(struct overlay_header, crc)));
	return header;
}

static int check_header(const char *path, const struct overlay_header *header,
			const struct overlay_layout *layout, uint32_t base_crc, struct error *err)
{
	const struct overlay_header wanted = make_header(layout, base_crc);

	if (memcmp(header->magic, wanted.magic, sizeof(wanted.magic)))
		return error_set(err, 0, "%s is not an overlay; name a new file", path);
	if (header->version != wanted.version)
		return error_set(err, 0, "overlay %s has version %u, this program knows %u", path,
				 le32toh(header->version), OVERLAY_VERSION);
	if (header->crc != htole32(crc32_ieee(header, offsetof(struct overlay_header, crc))))
		return error_set(err, 0, "overlay %s is damaged", path);
	if (header->disk_size != wanted.disk_size)
		return error_set(err, 0,
				 "overlay %s belongs to a disk of %" PRIu64
				 " bytes, the image has %" PRIu64,
				 path, (uint64_t)le64toh(header->disk_size), layout->disk_size);
	if (header->base_crc != wanted.base_crc)
		return error_set(err, 0,
				 "overlay %s belongs to another image, or the image has been "
				 "written to since",
				 path);
	if (memcmp(header, &wanted, sizeof(wanted)))
		return error_set(err, 0, "overlay %s is damaged", path);
	return 0;
}

static int sync_directory_of(const char *path)
{
	cleanup_free char *dir = strdup(path);
	cleanup_close int fd = -1;
	char *slash;

	if (!dir)
		return -1;
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

static int create(int fd, const char *path, const struct overlay_layout *layout, uint32_t base_crc,
		  struct error *err)
{
	unsigned char page[OVERLAY_PAGE] = { 0 };
	struct overlay_header header = make_header(layout, base_crc);

	memcpy(page, &header, sizeof(header));
	if (pwrite(fd, page, sizeof(page), 0) != sizeof(page))
		return error_set(err, errno, "cannot write overlay %s", path);
	if (ftruncate(fd, (off_t)(layout->data_offset + layout->disk_size)) || fsync(fd) ||
	    sync_directory_of(path))
		return error_set(err, errno, "cannot create overlay %s", path);
	return 0;
}

int overlay_file_make(int fd, const struct overlay_layout *layout, uint32_t base_crc)
{
	unsigned char page[OVERLAY_PAGE] = { 0 };
	struct overlay_header header = make_header(layout, base_crc);

	memcpy(page, &header, sizeof(header));
	if (ftruncate(fd, (off_t)(layout->data_offset + layout->disk_size)))
		return -errno;
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) ? 0 : -(errno ?: EIO);
}

int overlay_file_open(const char *path, const struct overlay_layout *layout, uint32_t base_crc,
		      bool read_only, struct error *err)
{
	struct flock lock = { .l_type = read_only ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };
	uint64_t length = layout->data_offset + layout->disk_size;
	struct overlay_header header;
	cleanup_close int fd = -1;
	struct stat st;

	fd = open(path, (read_only ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return error_set(err, errno, "cannot open overlay %s", path);
	if (fstat(fd, &st))
		return error_set(err, errno, "cannot open overlay %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0, "overlay %s is not a regular file", path);
	if (fcntl(fd, F_OFD_SETLK, &lock) && (errno == EAGAIN || errno == EACCES))
		return error_set(err, 0, "overlay %s is in use by another sandbox", path);

	/* Only now: whoever had the lock may have made it */
	if (fstat(fd, &st))
		return error_set(err, errno, "cannot open overlay %s", path);
	if (!st.st_size && !read_only)
		return create(fd, path, layout, base_crc, err) ? -1 : steal_fd(fd);

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return error_set(err, 0, "%s is not an overlay; name a new file", path);
	if (check_header(path, &header, layout, base_crc, err))
		return -1;
	/* Shorter: the crash came between the header and the length. No data can be missing. */
	if ((uint64_t)st.st_size < length && (read_only || ftruncate(fd, (off_t)length)))
		return error_set(err, 0, "overlay %s is truncated", path);
	return steal_fd(fd);
}

static int unnamed_file(const char *dir)
{
	char path[PATH_MAX];
	int fd, n;

	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;

	n = snprintf(path, sizeof(path), "%s/vitrine-XXXXXX", dir);
	if (n < 0 || n >= (int)sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int overlay_file_temporary(const struct overlay_layout *layout, struct error *err)
{
	const char *const dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	cleanup_close int fd = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs) && fd < 0; i++)
		if (dirs[i] && *dirs[i])
			fd = unnamed_file(dirs[i]);
	if (fd < 0)
		fd = memfile_create("vitrine-overlay", 0, err);
	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)layout->disk_size))
		return error_set(err, errno, "cannot create a temporary file for --ephemeral");
	return steal_fd(fd);
}
