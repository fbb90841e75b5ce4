// SPDX-License-Identifier: GPL-2.0-only
/* flatten.c - the layers of a disk become one
 *
 * Theory of operation
 * From the highest layer to the lowest, each cluster that none above has had is copied to a new
 * file. That lies where the lowest has lain, on the same image, so it gets the lowest one's mark of
 * what is below. Its name is of a generation that nobody has; nothing refers to it until a new
 * state does (collapse.c).
 *
 * Host system calls: openat, fstat, ftruncate, lseek, pread, pwrite, fdatasync.
 */
#include "flatten.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/disk/crc32.h"
#include "engine/disk/overlay.h"
#include "engine/disk/overlay_file.h"
#include "disks.h"
#include "vitrine/util.h"

#define CLUSTER (1U << OVERLAY_CLUSTER_BITS)

/* A layer's file, which may be anything */
static int open_layer(int dir, const struct snapshot_disk_layer *layer,
		      struct overlay_header *header, struct error *err)
{
	cleanup_close int fd = -1;
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), DISKS_FILE, layer->disk, layer->generation);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "cannot open %s", name);
	if (!S_ISREG(st.st_mode) || pread(fd, header, sizeof(*header), 0) != sizeof(*header) ||
	    memcmp(header->magic, OVERLAY_MAGIC, sizeof(header->magic)) != 0 ||
	    header->version != htole32(OVERLAY_VERSION) ||
	    header->crc != htole32(crc32_ieee(header, offsetof(struct overlay_header, crc))))
		return error_set(err, 0, "%s is damaged", name);
	return steal_fd(fd);
}

static bool is_zero(const uint8_t *data, size_t len)
{
	return !data[0] && !memcmp(data, data + 1, len - 1);
}

static int copy_cluster(int from, int to, const struct overlay_layout *layout, uint64_t cluster)
{
	const uint64_t at = cluster * CLUSTER;
	const size_t len = layout->disk_size - at < CLUSTER ? layout->disk_size - at : CLUSTER;
	uint8_t data[CLUSTER];

	if (pread(from, data, len, (off_t)(layout->data_offset + at)) != (ssize_t)len)
		return -1;
	if (is_zero(data, len))
		return 0; /* as the hole that is there */
	return pwrite(to, data, len, (off_t)(layout->data_offset + at)) == (ssize_t)len ? 0 : -1;
}

/* A page of a layer's bitmap: what of it @have lacks */
static int copy_page(int from, int to, const struct overlay_layout *layout, uint64_t offset,
		     uint64_t *have)
{
	uint64_t words[OVERLAY_PAGE / sizeof(uint64_t)];

	if (pread(from, words, sizeof(words), (off_t)(OVERLAY_PAGE + offset)) != sizeof(words))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t *own = &have[offset / sizeof(uint64_t) + i];

		for (uint64_t word = words[i] & ~*own; word; word &= word - 1) {
			const uint64_t cluster =
			    (offset / sizeof(uint64_t) + i) * 64 + (uint64_t)__builtin_ctzll(word);

			if (cluster < layout->clusters && copy_cluster(from, to, layout, cluster))
				return -1;
		}
		*own |= words[i];
	}
	return 0;
}

static int copy_layer(int from, int to, const struct overlay_layout *layout, uint64_t *have)
{
	uint64_t at = 0;

	while (at < layout->bitmap_size) {
		const off_t data = lseek(from, (off_t)(OVERLAY_PAGE + at), SEEK_DATA);

		if (data < 0)
			return errno == ENXIO ? 0 : -1;
		at = ((uint64_t)data - OVERLAY_PAGE) & -(uint64_t)OVERLAY_PAGE;
		if (at < layout->bitmap_size && copy_page(from, to, layout, at, have))
			return -1;
		at += OVERLAY_PAGE;
	}
	return 0;
}

static int copy_layers(int dir, const struct snapshot_disk_layer *layers, size_t count, int to,
		       struct error *err)
{
	struct overlay_header lowest, header;
	cleanup_close int first = open_layer(dir, &layers[0], &lowest, err);
	cleanup_free uint64_t *have = NULL;
	struct overlay_layout layout;
	int ret;

	if (first < 0 || !lowest.disk_size)
		return first < 0 ? -1 : error_set(err, 0, "a layer is damaged");
	layout = overlay_layout(le64toh(lowest.disk_size));
	have = calloc(1, layout.bitmap_size);
	ret = have ? overlay_file_make(to, &layout, le32toh(lowest.base_crc)) : -ENOMEM;
	if (ret)
		return error_set(err, -ret, "cannot write a layer");
	for (size_t i = count; i--;) {
		cleanup_close int from = open_layer(dir, &layers[i], &header, err);

		if (from < 0)
			return -1;
		if (header.disk_size != lowest.disk_size)
			return error_set(err, 0, "a layer is of another disk");
		if (copy_layer(from, to, &layout, have))
			return error_set(err, errno, "cannot copy a layer");
	}
	if (pwrite(to, have, layout.bitmap_size, OVERLAY_PAGE) != (ssize_t)layout.bitmap_size ||
	    fdatasync(to))
		return error_set(err, errno, "cannot write a layer");
	return 0;
}

int flatten_disk(int dir, const struct snapshot_disk_layer *layers, size_t count,
		 uint32_t generation, struct error *err)
{
	cleanup_close int to = -1;
	char name[32];

	snprintf(name, sizeof(name), DISKS_FILE, layers[0].disk, generation);
	unlinkat(dir, name, 0); /* of somebody who was killed */
	to = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_set(err, errno, "cannot make %s", name);
	if (!copy_layers(dir, layers, count, to, err))
		return 0;
	unlinkat(dir, name, 0);
	return -1;
}
