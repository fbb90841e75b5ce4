// SPDX-License-Identifier: GPL-2.0-only
/* commit.c - what a sandbox has written becomes a layer
 *
 * A sandbox's disk and a layer have the same format (engine/disk/overlay.h), so that a commit is a
 * copy, of what was written alone. Its name is a digest of the layer below and of all that is in
 * it.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "engine/disk/disk.h"
#include "engine/disk/stack.h"
#include "images/oci/commit.h"
#include "images/digest.h"
#include "images/process.h"
#include "images/progress.h"
#include "vitrine/util.h"

#define BUFFER (1 << 20)
#define SUPERBLOCK 1024
#define FEATURE_INCOMPAT 96 /* le32 in it */
#define RECOVER 0x4

typedef int extent_fn(void *context, int fd, off_t at, size_t len, struct error *err);

/* Call @fn for every piece of a file that is no hole */
static int each_extent(int fd, extent_fn *fn, void *context, const char *path, struct error *err)
{
	off_t at = 0, end;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		while (at < end) {
			size_t len = end - at < BUFFER ? end - at : BUFFER;

			if (interrupt_caught())
				return error_set(err, 0, "interrupted");
			if (fn(context, fd, at, len, err))
				return -1;
			at += len;
		}
	}
	return errno == ENXIO ? 0 : error_set(err, errno, "%s", path);
}

static int copy_extent(void *context, int fd, off_t at, size_t len, struct error *err)
{
	int to = *(int *)context;
	off_t from = at, where = at;

	while (len) {
		ssize_t done = copy_file_range(fd, &from, to, &where, len, 0);

		if (done <= 0)
			return error_set(err, done ? errno : EIO, "cannot copy the sandbox's disk");
		len -= done;
	}
	return 0;
}

int commit_copy(const struct store_disk *below, const char *from, char **temporary,
		struct error *err)
{
	cleanup_close int fd = open(from, O_RDONLY | O_CLOEXEC), to = -1;
	struct stat st;

	*temporary = NULL;
	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "%s", from);
	to = store_temporary(below->base, temporary, err);
	if (to < 0)
		return -1;
	if (ftruncate(to, st.st_size) || each_extent(fd, copy_extent, &to, from, err)) {
		unlink(*temporary);
		return err && err->text[0] ? -1 : error_set(err, errno, "%s", *temporary);
	}
	return steal_fd(to);
}

int commit_dirty(const struct store_disk *below, const char *top, struct error *err)
{
	const struct sandbox_disk config = {
		.path = below->base,
		.layers = below->count ? (const char *const *)below->layers : NULL,
		.read_only = true,
		.overlay = top,
	};
	unsigned char superblock[1024];
	struct iovec iov = { superblock, sizeof(superblock) };
	struct disk *disk;
	uint32_t features;
	int ret;

	if (disk_open(&config, NULL, &disk, err))
		return -1;
	ret = disk_read(disk, &iov, SUPERBLOCK, sizeof(superblock), 0);
	disk_close(disk);
	if (ret)
		return error_set(err, -ret, "%s", top);
	memcpy(&features, superblock + FEATURE_INCOMPAT, sizeof(features));
	return features & RECOVER ? 1 : 0;
}

struct hashing {
	struct hasher *hasher;
	char *buffer;
};

static int hash_extent(void *context, int fd, off_t at, size_t len, struct error *err)
{
	struct hashing *h = context;
	uint64_t place[2] = { at, len };

	if (pread(fd, h->buffer, len, at) != (ssize_t)len)
		return error_set(err, errno, "cannot read the sandbox's disk");
	hasher_add(h->hasher, place, sizeof(place));
	hasher_add(h->hasher, h->buffer, len);
	progress_bytes(at);
	return 0;
}

static int name_layer(const char *below, const char *path, char *digest, char *chain,
		      struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *buffer = malloc(BUFFER);
	struct hashing h = { hasher_new(), buffer };
	char text[3 * DIGEST_SIZE];
	int ret;

	if (fd < 0 || !buffer || !h.hasher)
		return error_set(err, errno, "%s", path);
	ret = each_extent(fd, hash_extent, &h, path, err);
	hasher_end(h.hasher, digest);
	snprintf(text, sizeof(text), "commit %s %s", below, digest);
	digest_of(text, strlen(text), chain);
	return ret;
}

int commit_layer(struct store *store, json_t *record, const char *temporary, const char *name,
		 const char *origin, struct error *err)
{
	json_t *layers = json_deep_copy(json_object_get(record, "layers")), *image, *old;
	size_t count = json_array_size(layers);
	const char *below = json_string_value(
	    json_object_get(json_array_get(layers, count ? count - 1 : 0), "chain"));
	char digest[DIGEST_SIZE], chain[DIGEST_SIZE];
	cleanup_free char *path = NULL;
	int ret;

	if (count >= STACK_LAYERS_MAX - 1) {
		json_decref(layers);
		return error_set(err, 0,
				 "an image has at most %d layers; export it and import that",
				 STACK_LAYERS_MAX - 1);
	}
	ret = name_layer(below ? below : "", temporary, digest, chain, err);
	if (!ret)
		path = store_layer(store, json_integer_value(json_object_get(record, "size")),
				   chain, err);
	if (ret || !path || store_publish(temporary, path, false, err)) {
		json_decref(layers);
		return -1;
	}
	json_array_append_new(
	    layers, json_pack("{ss ss ss}", "chain", chain, "diff", digest, "digest", digest));
	old = store_record(store, "images", name, NULL);
	image =
	    json_pack("{ss ss ss sI sO so sO}", "name", name, "origin", origin, "manifest", chain,
		      "created", (json_int_t)time(NULL), "size", json_object_get(record, "size"),
		      "layers", layers, "config", json_object_get(record, "config"));
	if (json_is_true(json_object_get(old, "locked")))
		ret = error_set(err, 0, "%s is locked to what it is; choose another name", name);
	else
		ret = image ? store_save(store, "images", name, image, err)
			    : error_set(err, 0, "the sandbox's record is damaged");
	json_decref(old);
	json_decref(image);
	return ret;
}
