// SPDX-License-Identifier: GPL-2.0-only
/* overlay.c - copy-on-write disks: changes go to another file than the image
 *
 * Theory of operation
 * A bitmap says for each cluster of 4 KiB whether it is read from the overlay or from the image
 * below. Clusters have the size of a page and of most file systems' blocks, so nearly every write
 * covers whole ones and nothing has to be copied up.
 *
 * A bit is only ever set, and only after the cluster's data are in the file. A read that comes
 * between sees the image's data, as one that came earlier would. Writes to clusters that are all in
 * the overlay already take no lock. The first write to a cluster takes `lock` for as long as it
 * lasts: it must not mix with another first write to the same cluster, whose copy-up would undo it.
 *
 * Crash safety (a file with a name only). The bitmap on disk must never claim data that are not
 * there, or a power failure would show holes where the image had data. So the bitmap is not mapped
 * but written at flush, in this order: remember which bitmap pages have changed and their content,
 * fdatasync (all data that these bits stand for become durable), write the pages, fdatasync. A bit
 * set meanwhile waits for the next flush. A crash anywhere loses only bits that no flush reported.
 *
 * A write or discard that fails leaves the bit as it was.
 *
 * Host system calls: fdatasync, close, newfstatat, and those of overlay_file.c and fileio.c.
 */
#include "overlay.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "crc32.h"
#include "overlay_file.h"
#include "overlay_map.h"
#include "stack.h"
#include "vitrine/util.h"

#define CLUSTER (1ULL << OVERLAY_CLUSTER_BITS)

/**
 * struct overlay - a disk with an image below
 * @size:     bytes of the disk
 * @base:     the image, and the layers over it that others share
 * @top:      the data in the overlay's file
 * @bitmap:   the bitmap in the overlay's file; unused when it has no name
 * @lock:     held during first writes to a cluster
 * @flushing: serialises flushes
 * @stored:   clusters of @map that layers have which were written of it, as they are; no bits: none
 * @storing:  what the layer has that is being written
 * @stored_crc: as stack_crc(), of the disk when @stored was written
 */
struct overlay {
	struct disk disk;
	uint64_t size;
	struct disk_stack base;
	struct file_range top, bitmap;
	struct overlay_map map, stored, storing;
	uint32_t stored_crc;
	bool durable;
	pthread_mutex_t lock, flushing;
};

static struct overlay *to_overlay(struct disk *disk)
{
	return (struct overlay *)disk;
}

static uint64_t cluster_of(uint64_t off)
{
	return off >> OVERLAY_CLUSTER_BITS;
}

/* The cluster behind the last one that a range touches */
static uint64_t cluster_end(uint64_t off, uint64_t len)
{
	return cluster_of(off + len - 1) + 1;
}

/* How many of @len bytes at @off are in the same state */
static uint64_t run_at(const struct overlay *o, uint64_t off, uint64_t len, bool *in_top)
{
	uint64_t first = cluster_of(off);
	uint64_t clusters = overlay_map_run(&o->map, first, cluster_end(off, len), in_top);
	uint64_t bytes = ((first + clusters) << OVERLAY_CLUSTER_BITS) - off;

	return bytes < len ? bytes : len;
}

static bool all_in_top(const struct overlay *o, uint64_t off, uint64_t len)
{
	bool in_top;

	return run_at(o, off, len, &in_top) == len && in_top;
}

static int overlay_read(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	struct overlay *o = to_overlay(disk);
	uint64_t done, run;
	bool in_top;
	int ret;

	for (done = 0; done < len; done += run) {
		run = run_at(o, off + done, len - done, &in_top);
		ret = in_top ? file_read(&o->top, iov, done, off + done, run, flags)
			     : stack_read(&o->base, iov, done, off + done, run, flags);
		if (ret)
			return ret;
	}
	return 0;
}

/* Part of one cluster. Its buffer must not end up in the frame of what runs on a kernel stack. */
static __attribute__((noinline)) int copy_up(struct overlay *o, uint64_t off, uint64_t len)
{
	unsigned char buf[CLUSTER];
	struct iovec iov = { buf, len };
	int ret;

	if (!len)
		return 0;
	ret = stack_read(&o->base, &iov, 0, off, len, 0);
	return ret ? ret : file_write_buf(&o->top, buf, off, len);
}

/* What the first and the last cluster of a range hold outside of the range; the lock is held */
static int copy_up_edges(struct overlay *o, uint64_t off, uint64_t len, int flags)
{
	uint64_t head = off & ~(CLUSTER - 1), end = off + len;
	uint64_t tail = (end + CLUSTER - 1) & ~(CLUSTER - 1);
	bool copy_head = head < off && !all_in_top(o, head, 1);
	bool copy_tail;
	int ret = 0;

	if (tail > o->size)
		tail = o->size;
	copy_tail = end < tail && !all_in_top(o, end - 1, 1);
	if ((copy_head || copy_tail) && (flags & IO_NOWAIT))
		return -EAGAIN;
	if (copy_head)
		ret = copy_up(o, head, off - head);
	if (!ret && copy_tail)
		ret = copy_up(o, end, tail - end);
	return ret;
}

static void no_longer_stored(struct overlay *o, uint64_t off, uint64_t len)
{
	if (o->stored.bits)
		overlay_map_clear(&o->stored, cluster_of(off), cluster_end(off, len));
}

static int overlay_write(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len,
			 int flags)
{
	struct overlay *o = to_overlay(disk);
	int ret;

	no_longer_stored(o, off, len);
	if (all_in_top(o, off, len))
		return file_write(&o->top, iov, 0, off, len, flags);

	if (!(flags & IO_NOWAIT))
		pthread_mutex_lock(&o->lock);
	else if (pthread_mutex_trylock(&o->lock))
		return -EAGAIN;
	ret = copy_up_edges(o, off, len, flags);
	if (!ret)
		ret = file_write(&o->top, iov, 0, off, len, flags);
	if (!ret)
		overlay_map_set(&o->map, cluster_of(off), cluster_end(off, len));
	pthread_mutex_unlock(&o->lock);
	return ret;
}

/* A hole in the overlay's file with its bit set reads as zeros, whatever the image holds */
static int overlay_zero(struct disk *disk, uint64_t off, uint64_t len, bool unmap)
{
	struct overlay *o = to_overlay(disk);
	int ret;

	no_longer_stored(o, off, len);
	pthread_mutex_lock(&o->lock);
	ret = copy_up_edges(o, off, len, 0);
	if (!ret)
		ret = file_zero(&o->top, off, len, unmap || !o->durable);
	if (!ret)
		overlay_map_set(&o->map, cluster_of(off), cluster_end(off, len));
	pthread_mutex_unlock(&o->lock);
	return ret;
}

/* Space is only ever taken in the overlay's file, so only that can be given back */
static int overlay_discard(struct disk *disk, uint64_t off, uint64_t len)
{
	struct overlay *o = to_overlay(disk);
	uint64_t done, run;
	int ret = 0;
	bool in_top;

	for (done = 0; done < len && !ret; done += run) {
		run = run_at(o, off + done, len - done, &in_top);
		if (in_top)
			ret = file_discard(&o->top, off + done, run);
	}
	return ret;
}

static int flush_ordered(struct overlay *o)
{
	bool pending = overlay_map_capture(&o->map);
	int ret;

	if (fdatasync(o->top.fd))
		return -errno;
	if (!pending)
		return 0;

	ret = overlay_map_write(&o->map, &o->bitmap);
	if (ret)
		return ret;
	if (fdatasync(o->bitmap.fd))
		return -errno;
	overlay_map_written(&o->map);
	return 0;
}

static int overlay_flush(struct disk *disk)
{
	struct overlay *o = to_overlay(disk);
	int ret;

	pthread_mutex_lock(&o->flushing);
	ret = flush_ordered(o);
	pthread_mutex_unlock(&o->flushing);
	return ret;
}

static uint64_t overlay_stamp(struct disk *disk, bool below)
{
	struct overlay *o = to_overlay(disk);
	uint64_t base = file_stamp(o->base.image.fd);

	return o->durable && !below ? base * 31 + file_stamp(o->top.fd) : base;
}

/* ---- what an overlay holds, as a layer ---- */

#define KEEP_CLUSTERS 256U

/* How many clusters from @first on are kept, or are not */
static uint64_t kept_run(const struct overlay *o, bool whole, uint64_t first, bool *kept)
{
	const uint64_t end = o->map.clusters;
	bool in_top, stored = false;
	uint64_t run = overlay_map_run(&o->map, first, end, &in_top), at = first, other;

	if (!whole && in_top && o->stored.bits) {
		other = overlay_map_run(&o->stored, first, end, &stored);
		run = other < run ? other : run;
	}
	*kept = in_top && !stored;
	if (!whole || in_top || !o->base.saved)
		return run;
	*kept = stack_is_saved(&o->base, first);
	while (at < first + run && stack_is_saved(&o->base, at) == *kept)
		at++;
	return at - first;
}

static bool is_zero(const unsigned char *cluster, uint64_t len)
{
	return !cluster[0] && !memcmp(cluster, cluster + 1, len - 1);
}

/* Zeros are holes there: a cluster whose bit is set is read from the layer in any case */
static int keep_clusters(struct overlay *o, struct file_range *to, unsigned char *buf,
			 uint64_t first, uint64_t count)
{
	uint64_t off = first << OVERLAY_CLUSTER_BITS, len = count << OVERLAY_CLUSTER_BITS;
	struct iovec iov = { buf, 0 };
	int ret;

	if (len > o->size - off)
		len = o->size - off;
	iov.iov_len = len;
	ret = overlay_read(&o->disk, &iov, off, len, 0);
	for (uint64_t at = 0; at < len && !ret; at += CLUSTER) {
		const uint64_t part = len - at < CLUSTER ? len - at : CLUSTER;

		if (!is_zero(buf + at, part))
			ret = file_write_buf(to, buf + at, off + at, part);
	}
	return ret;
}

/* Return: 0, DISK_NOTHING_KEPT or a negative errno */
static int keep_runs(struct overlay *o, bool whole, struct file_range *to, unsigned char *buf)
{
	int ret = 0;
	bool kept, any = false;

	for (uint64_t at = 0, run; at < o->map.clusters && !ret; at += run) {
		run = kept_run(o, whole, at, &kept);
		if (!kept)
			continue;
		any = true;
		if (run > KEEP_CLUSTERS)
			run = KEEP_CLUSTERS;
		ret = keep_clusters(o, to, buf, at, run);
		overlay_map_set(&o->storing, at, at + run);
	}
	return ret ?: any ? 0 : DISK_NOTHING_KEPT;
}

/* What a layer of @whole lies on, or one over what is stored already */
static int crc_below(struct overlay *o, bool whole, uint32_t *crc)
{
	*crc = whole ? o->base.below_crc : o->stored_crc;
	if (whole ? o->base.saved : o->stored.bits != NULL)
		return 0;
	return stack_crc(&o->base, o->disk.path, o->size, crc, NULL) ? -EIO : 0;
}

static int overlay_keep(struct disk *disk, int fd, bool whole)
{
	struct overlay *o = to_overlay(disk);
	const struct overlay_layout layout = overlay_layout(o->size);
	cleanup_free unsigned char *buf = malloc(KEEP_CLUSTERS * CLUSTER);
	struct file_range to, bits;
	uint32_t crc;
	int ret;

	overlay_map_free(&o->storing);
	if (overlay_map_init(&o->storing, layout.clusters, true) || !buf)
		return -ENOMEM;
	file_range_init(&to, fd, layout.data_offset);
	file_range_init(&bits, fd, OVERLAY_PAGE);
	ret = crc_below(o, whole, &crc) ?: keep_runs(o, whole, &to, buf);
	if (!ret && overlay_map_capture(&o->storing))
		ret = overlay_map_write(&o->storing, &bits);
	return ret ?: overlay_file_make(fd, &layout, crc);
}

/* All of the overlay is in layers now; its CRC is that of what the next one will lie on */
static int overlay_kept(struct disk *disk)
{
	struct overlay *o = to_overlay(disk);
	const uint64_t len = o->size < STACK_CRC_BYTES ? o->size : STACK_CRC_BYTES;
	cleanup_free unsigned char *buf = malloc(STACK_CRC_BYTES);
	struct iovec iov = { buf, len };
	bool in_top;

	if (!buf || overlay_read(disk, &iov, 0, len, 0) ||
	    (!o->stored.bits && overlay_map_init(&o->stored, o->map.clusters, false)))
		return -ENOMEM;
	for (uint64_t at = 0, run; at < o->map.clusters; at += run) {
		run = overlay_map_run(&o->map, at, o->map.clusters, &in_top);
		if (in_top)
			overlay_map_set(&o->stored, at, at + run);
	}
	o->stored_crc = crc32_ieee(buf, len);
	return 0;
}

static void overlay_close(struct disk *disk)
{
	struct overlay *o = to_overlay(disk);

	stack_close(&o->base);
	if (o->top.fd >= 0)
		close(o->top.fd);
	overlay_map_free(&o->map);
	overlay_map_free(&o->stored);
	overlay_map_free(&o->storing);
	pthread_mutex_destroy(&o->lock);
	pthread_mutex_destroy(&o->flushing);
	free(o);
}

static const struct disk_ops overlay_ops = {
	.read = overlay_read,
	.write = overlay_write,
	.zero = overlay_zero,
	.discard = overlay_discard,
	.flush = overlay_flush,
	.keep = overlay_keep,
	.kept = overlay_kept,
	.stamp = overlay_stamp,
	.close = overlay_close,
};

/* Thrown away at the end, so nothing has to survive */
static const struct disk_ops ephemeral_ops = {
	.read = overlay_read,
	.write = overlay_write,
	.zero = overlay_zero,
	.discard = overlay_discard,
	.keep = overlay_keep,
	.kept = overlay_kept,
	.stamp = overlay_stamp,
	.close = overlay_close,
};

static bool is_base(const struct overlay *o, const char *path)
{
	struct stat base, top;

	return !fstat(o->base.image.fd, &base) && !stat(path, &top) && base.st_dev == top.st_dev &&
	       base.st_ino == top.st_ino;
}

/* Fill in everything that is above the image */
static int open_top(struct overlay *o, const struct sandbox_disk *config, struct error *err)
{
	struct overlay_layout layout = overlay_layout(o->size);
	uint32_t crc;
	int fd, ret;

	o->durable = config->overlay;
	if (overlay_map_init(&o->map, layout.clusters, o->durable))
		return error_set(err, ENOMEM, "cannot open an overlay");
	if (!o->durable) {
		fd = overlay_file_temporary(&layout, err);
		file_range_init(&o->top, fd, 0);
		return fd < 0 ? -1 : 0;
	}

	if (is_base(o, config->overlay))
		return error_set(err, 0, "overlay %s is the image itself", config->overlay);
	if (stack_crc(&o->base, config->path, o->size, &crc, err))
		return -1;
	fd = overlay_file_open(config->overlay, &layout, crc, config->read_only, err);
	file_range_init(&o->top, fd, layout.data_offset);
	file_range_init(&o->bitmap, fd, OVERLAY_PAGE);
	if (fd < 0)
		return -1;
	ret = overlay_map_load(&o->map, &o->bitmap);
	if (ret)
		return error_set(err, -ret, "cannot read overlay %s", config->overlay);
	return 0;
}

int overlay_open(const struct sandbox_disk *config, int base_fd, const struct partition *part,
		 struct disk **disk, struct error *err)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (!o) {
		close(base_fd);
		return error_set(err, ENOMEM, "cannot open an overlay");
	}
	o->size = part->size;
	o->top.fd = -1;
	if (stack_open(&o->base, config, base_fd, part, err)) {
		free(o);
		return -1;
	}
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->flushing, NULL);

	if (open_top(o, config, err)) {
		overlay_close(&o->disk);
		return -1;
	}
	o->disk.ops = o->durable ? &overlay_ops : &ephemeral_ops;
	*disk = &o->disk;
	return 0;
}
