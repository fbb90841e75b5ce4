// SPDX-License-Identifier: GPL-2.0-only
/* stack.c - an image and the read-only layers over it, read as one disk
 *
 * Theory of operation
 * Layers share their base, so that two images that begin alike take the space of one. Which of up
 * to 250 layers holds a cluster is looked up once, when the disk is opened: a byte for each
 * cluster, of which only the pages exist that have something to say. A read is then split where
 * the owner changes, and costs the same with two layers as with two hundred.
 *
 * Nothing here is written, so nothing is locked but against writers: each layer file has a read
 * lock for as long as the disk is open. A layer whose name is removed meanwhile stays readable.
 *
 * Host system calls: those of overlay_file.c and fileio.c, lseek, close.
 */
#include "stack.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "crc32.h"
#include "overlay.h"
#include "overlay_file.h"
#include "vitrine/util.h"

#define PAGE_CLUSTERS (OVERLAY_PAGE * 8ULL)

static_assert(STACK_LAYERS_MAX <= UINT8_MAX, "an owner is a byte");

/* How many of @len bytes at @off have the owner that the first has */
static uint64_t run_at(const struct disk_stack *s, uint64_t off, uint64_t len, unsigned *owner)
{
	uint64_t first = off >> OVERLAY_CLUSTER_BITS, at = first;
	uint64_t end = ((off + len - 1) >> OVERLAY_CLUSTER_BITS) + 1, bytes;

	*owner = s->owner ? s->owner[first] : 0;
	if (!s->owner)
		return len;
	while (at < end && s->owner[at] == *owner)
		at++;
	bytes = (at << OVERLAY_CLUSTER_BITS) - off;
	return bytes < len ? bytes : len;
}

int stack_read(struct disk_stack *s, struct iovec *iov, uint64_t skip, uint64_t off, uint64_t len,
	       int flags)
{
	uint64_t done, run;
	unsigned owner;
	int ret;

	for (done = 0; done < len; done += run) {
		run = run_at(s, off + done, len - done, &owner);
		ret = file_read(owner ? &s->layers[owner - 1] : &s->image, iov, skip + done,
				off + done, run, flags);
		if (ret)
			return ret;
	}
	return 0;
}

int stack_crc(struct disk_stack *s, const char *path, uint64_t size, uint32_t *crc,
	      struct error *err)
{
	size_t len = size < STACK_CRC_BYTES ? size : STACK_CRC_BYTES;
	cleanup_free void *buf = malloc(STACK_CRC_BYTES);
	struct iovec iov = { buf, len };
	int ret;

	if (!buf)
		return error_set(err, ENOMEM, "cannot read image %s", path);
	ret = stack_read(s, &iov, 0, 0, len, 0);
	if (ret)
		return error_set(err, -ret, "cannot read image %s", path);
	*crc = crc32_ieee(buf, len);
	return 0;
}

/* A page of a layer's bitmap, with what lies over the disk's end left out */
static void take_page(struct disk_stack *s, const uint64_t *words, uint64_t page, uint64_t clusters)
{
	for (unsigned i = 0; i < OVERLAY_PAGE / sizeof(*words); i++) {
		for (uint64_t word = words[i]; word; word &= word - 1) {
			uint64_t c = page * PAGE_CLUSTERS + i * 64 + __builtin_ctzll(word);

			if (c < clusters)
				s->owner[c] = s->count + 1;
		}
	}
}

/* Bitmaps are as long as the disk and nearly empty: holes in the file are not read */
static int take_bitmap(struct disk_stack *s, int fd, const struct overlay_layout *layout)
{
	uint64_t words[OVERLAY_PAGE / sizeof(uint64_t)];
	uint64_t pages = layout->bitmap_size / OVERLAY_PAGE;
	struct file_range file;
	int ret;

	file_range_init(&file, fd, OVERLAY_PAGE);
	for (uint64_t page = 0; page < pages; page++) {
		off_t data = lseek(fd, (off_t)((page + 1) * OVERLAY_PAGE), SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			return 0;
		if (data > 0 && (uint64_t)data / OVERLAY_PAGE > page + 1)
			page = (uint64_t)data / OVERLAY_PAGE - 1;
		if (page >= pages)
			return 0;
		ret = file_read_buf(&file, words, page * OVERLAY_PAGE, sizeof(words));
		if (ret)
			return ret;
		take_page(s, words, page, layout->clusters);
	}
	return 0;
}

static int add_layer(struct disk_stack *s, const char *path, const struct overlay_layout *layout,
		     struct error *err)
{
	uint32_t crc;
	int fd, ret;

	if (stack_crc(s, path, layout->disk_size, &crc, err))
		return -1;
	if (s->saved == s->count + 1)
		s->below_crc = crc;
	fd = overlay_file_open(path, layout, crc, true, err);
	if (fd < 0)
		return -1;
	file_range_init(&s->layers[s->count], fd, layout->data_offset);
	ret = take_bitmap(s, fd, layout);
	if (ret)
		error_set(err, -ret, "cannot read layer %s", path);
	s->count++;
	return ret ? -1 : 0;
}

static unsigned count_of(const char *const *names)
{
	unsigned count = 0;

	while (names && names[count])
		count++;
	return count;
}

int stack_open(struct disk_stack *s, const struct sandbox_disk *config, int base_fd,
	       const struct partition *part, struct error *err)
{
	struct overlay_layout layout = overlay_layout(part->size);
	const unsigned below = count_of(config->layers), count = below + count_of(config->saved);

	*s = (struct disk_stack){ .count = 0 };
	file_range_init(&s->image, base_fd, part->start);
	if (!count)
		return 0;
	if (count > STACK_LAYERS_MAX) {
		stack_close(s);
		return error_set(err, 0, "image %s has more than %d layers", config->path,
				 STACK_LAYERS_MAX);
	}
	s->layers = calloc(count, sizeof(*s->layers));
	s->owner = calloc(layout.clusters, 1);
	if (!s->layers || !s->owner) {
		stack_close(s);
		return error_set(err, ENOMEM, "cannot open image %s", config->path);
	}
	s->saved = count > below ? below + 1 : 0;
	for (unsigned i = 0; i < count; i++) {
		if (add_layer(s, i < below ? config->layers[i] : config->saved[i - below], &layout,
			      err)) {
			stack_close(s);
			return -1;
		}
	}
	return 0;
}

bool stack_is_saved(const struct disk_stack *s, uint64_t cluster)
{
	return s->saved && s->owner[cluster] >= s->saved;
}

void stack_close(struct disk_stack *s)
{
	for (unsigned i = 0; i < s->count; i++)
		close(s->layers[i].fd);
	close(s->image.fd);
	free(s->layers);
	free(s->owner);
}

struct stack_disk {
	struct disk disk;
	struct disk_stack stack;
};

static int read_disk(struct disk *disk, struct iovec *iov, uint64_t off, uint64_t len, int flags)
{
	return stack_read(&((struct stack_disk *)disk)->stack, iov, 0, off, len, flags);
}

static void close_disk(struct disk *disk)
{
	stack_close(&((struct stack_disk *)disk)->stack);
	free(disk);
}

static uint64_t stamp_disk(struct disk *disk, bool below)
{
	return file_stamp(((struct stack_disk *)disk)->stack.image.fd);
}

static const struct disk_ops stack_ops = {
	.read = read_disk,
	.stamp = stamp_disk,
	.close = close_disk,
};

int stack_disk(const struct sandbox_disk *config, int base_fd, const struct partition *part,
	       struct disk **disk, struct error *err)
{
	struct stack_disk *s = calloc(1, sizeof(*s));

	if (!s) {
		close(base_fd);
		return error_set(err, ENOMEM, "cannot open image %s", config->path);
	}
	if (stack_open(&s->stack, config, base_fd, part, err)) {
		free(s);
		return -1;
	}
	s->disk.ops = &stack_ops;
	*disk = &s->disk;
	return 0;
}
