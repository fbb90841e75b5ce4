// SPDX-License-Identifier: GPL-2.0-only
/* layer.c - turn one layer's archive into a layer of the store
 *
 * Theory of operation
 *
 *   part --hash: digest--> decompressor --hash: diff, ratio--> tar reader --> ext4 writer --> disk
 *
 * All of that is one sealed process, which has the archive, the layers below (to read) and one new
 * file (to write). Only when both hashes are what they should be does the file get a name, so
 * that nothing of an archive that was changed on its way is ever used.
 */

#include <archive.h>
#include <errno.h>
#include <locale.h>
#include <string.h>
#include "engine/disk/disk.h"
#include "images/ext4.h"
#include "images/oci/layer.h"
#include "images/progress.h"
#include "images/sealed.h"
#include "images/tar.h"
#include "vitrine/util.h"

#define ENTRIES_MAX 1000000
#define RATIO_MAX 200
#define RATIO_FROM (256ULL << 20)
#define STREAM_MAX 4 /* times the disk: zeros take no space, but time */
#define BLOCK 4096
#define BUFFER (256 * 1024)
#define MEMORY_MIB 3072

/**
 * struct stream - the two archives that a layer is read through
 * @outer: decompresses and is otherwise any bytes
 * @inner: tar
 * @in:    bytes read of the part, @out: bytes without compression, @solid: those of them that are
 *         in blocks that are not zero and take space
 * @most:  of @out
 * @err:   why a callback failed
 */
struct stream {
	struct layer *layer;
	struct archive *outer, *inner;
	struct hasher *compressed, *plain;
	char *buffer;
	uint64_t in, out, solid, most;
	struct error err;
};

static la_ssize_t read_part(struct archive *a, void *context, const void **data)
{
	struct stream *s = context;
	ssize_t len = part_read(&s->layer->part, data, &s->err);

	if (len < 0) {
		archive_set_error(a, EIO, "%s", s->err.text);
		return ARCHIVE_FATAL;
	}
	hasher_add(s->compressed, *data, len);
	s->in += len;
	return len;
}

static uint64_t solid_bytes(const char *data, size_t len)
{
	uint64_t solid = 0;

	for (size_t at = 0; at < len; at += BLOCK) {
		size_t part = len - at < BLOCK ? len - at : BLOCK;

		if (data[at] || memcmp(data + at, data + at + 1, part - 1))
			solid += part;
	}
	return solid;
}

static int check_size(struct stream *s)
{
	if (s->out > s->most)
		return error_set(&s->err, 0, "it unpacks to more than %d times the image's disk",
				 STREAM_MAX);
	if (s->layer->trusted || s->solid < RATIO_FROM || s->solid / (s->in + 1) < RATIO_MAX)
		return 0;
	return error_set(&s->err, 0,
			 "it unpacks to more than %d times its size; if that is meant, say with "
			 "--size how large the image may be",
			 RATIO_MAX);
}

static la_ssize_t read_plain(struct archive *a, void *context, const void **data)
{
	struct stream *s = context;
	la_ssize_t len = archive_read_data(s->outer, s->buffer, BUFFER);

	*data = s->buffer;
	if (len < 0) {
		if (!s->err.text[0])
			error_set(&s->err, 0, "%.200s", archive_error_string(s->outer));
		archive_set_error(a, EIO, "%s", s->err.text);
		return ARCHIVE_FATAL;
	}
	hasher_add(s->plain, s->buffer, len);
	s->out += len;
	s->solid += solid_bytes(s->buffer, len);
	progress_bytes(s->out);
	if (!check_size(s))
		return len;
	archive_set_error(a, EIO, "%s", s->err.text);
	return ARCHIVE_FATAL;
}

/* Return: 1 when there is nothing in it */
static int open_stream(struct stream *s, struct error *err)
{
	struct archive_entry *entry;
	int ret;

	s->buffer = malloc(BUFFER);
	s->outer = archive_read_new();
	s->inner = archive_read_new();
	s->compressed = hasher_new();
	s->plain = hasher_new();
	if (!s->buffer || !s->outer || !s->inner || !s->compressed || !s->plain)
		return error_set(err, ENOMEM, "layer");
	tar_filters(s->outer);
	archive_read_support_format_raw(s->outer);
	archive_read_support_format_empty(s->outer);
	archive_read_support_format_tar(s->inner);
	archive_read_support_format_empty(s->inner);
	if (archive_read_open(s->outer, s, NULL, read_part, NULL) != ARCHIVE_OK)
		return error_set(err, 0, "%.200s", archive_error_string(s->outer));
	ret = archive_read_next_header(s->outer, &entry);
	if (ret == ARCHIVE_EOF)
		return 1;
	if (ret != ARCHIVE_OK ||
	    archive_read_open(s->inner, s, NULL, read_plain, NULL) != ARCHIVE_OK)
		return error_set(err, 0, "%.200s",
				 s->err.text[0] ? s->err.text : archive_error_string(s->outer));
	return 0;
}

/* To the end: what follows the last file counts for the digests */
static int drain(struct stream *s, struct error *err)
{
	const void *data;
	la_ssize_t len;

	do {
		len = read_plain(s->inner, s, &data);
	} while (len > 0);
	while (len == 0 && (len = read_part(s->outer, s, &data)) > 0)
		len = 0;
	return len < 0 ? error_set(err, 0, "%s", s->err.text) : 0;
}

static void close_stream(struct stream *s, struct layer *layer)
{
	char digest[DIGEST_SIZE] = "", diff[DIGEST_SIZE] = "";

	if (s->inner)
		archive_read_free(s->inner);
	if (s->outer)
		archive_read_free(s->outer);
	hasher_end(s->compressed, digest);
	hasher_end(s->plain, diff);
	if (!layer->digest[0])
		strcpy(layer->digest, digest);
	if (!layer->diff[0])
		strcpy(layer->diff, diff);
	free(s->buffer);
}

/* Fills the digests, or compares them */
static int check_digests(const struct layer *wanted, const struct layer *found, struct error *err)
{
	if (wanted->digest[0] && strcmp(wanted->digest, found->digest))
		return error_set(err, 0,
				 "it is damaged or not what was meant: it is %.19s..., wanted was "
				 "%.19s...",
				 found->digest, wanted->digest);
	if (wanted->diff[0] && strcmp(wanted->diff, found->diff))
		return error_set(err, 0,
				 "its content is not what the image's configuration says: it is "
				 "%.19s..., wanted was %.19s...",
				 found->diff, wanted->diff);
	return 0;
}

int layer_unpack(struct ext4 *fs, struct layer *layer, struct error *err)
{
	const struct tar_rules rules = { .whiteouts = layer->whiteouts, .entries = ENTRIES_MAX };
	const struct layer wanted = *layer;
	struct stream s = { .layer = layer, .most = ext4_size(fs) * STREAM_MAX };
	int ret;

	layer->digest[0] = layer->diff[0] = '\0';
	ret = part_begin(&layer->part, err) ? -1 : open_stream(&s, err);
	if (!ret)
		ret = tar_unpack_archive(fs, s.inner, &rules, err);
	if (ret < 0 && s.err.text[0])
		error_set(err, 0, "%s", s.err.text);
	if (ret >= 0)
		ret = drain(&s, err);
	close_stream(&s, layer);
	part_end(&layer->part);
	return ret ? -1 : check_digests(&wanted, layer, err);
}

struct job {
	struct layer *layer;
	const char *temporary;
	struct disk *disk;
};

int layer_prepare(const struct store_disk *paths, const char *overlay, bool read_only,
		  struct disk **disk, struct error *err)
{
	const struct sandbox_disk config = {
		.path = paths->base,
		.layers = paths->count ? (const char *const *)paths->layers : NULL,
		.read_only = read_only,
		.overlay = overlay,
	};
	char digest[DIGEST_SIZE];

	digest_of("", 0, digest);
	setlocale(LC_CTYPE, "C.UTF-8");
	return disk_open(&config, NULL, disk, err);
}

static int prepare(void *context, struct error *err)
{
	struct job *job = context;

	return layer_prepare(job->layer->below, job->temporary, false, &job->disk, err);
}

static int work(void *context, int answer, struct error *err)
{
	struct job *job = context;
	struct ext4 *fs = ext4_open(job->disk, err);
	int ret;

	if (!fs)
		return -1;
	if (layer_unpack(fs, job->layer, err)) {
		ext4_abandon(fs);
		return -1;
	}
	progress_phase("write directories");
	if (ext4_close(fs, err))
		return -1;
	ret = disk_close(job->disk);
	if (ret)
		return error_set(err, -ret, "cannot write the layer");
	return dprintf(answer, "%s %s", job->layer->digest, job->layer->diff) > 0
		   ? 0
		   : error_set(err, errno, "pipe");
}

static int take_digests(struct layer *layer, const char *answer, struct error *err)
{
	char digest[DIGEST_SIZE], diff[DIGEST_SIZE];

	if (sscanf(answer, "%71s %71s", digest, diff) != 2 || !digest_valid(digest) ||
	    !digest_valid(diff))
		return error_set(err, 0,
				 "unpacking: the process that reads the archive sent no digests");
	strcpy(layer->digest, digest);
	strcpy(layer->diff, diff);
	return 0;
}

int layer_make(const struct store *store, struct layer *layer, char **temporary, struct error *err)
{
	struct job job = { .layer = layer };
	const struct sealed sealed = { .what = "unpacking",
				       .prepare = prepare,
				       .work = work,
				       .context = &job,
				       .memory = MEMORY_MIB };
	cleanup_free char *answer = NULL;
	cleanup_close int fd = -1;

	*temporary = NULL;
	fd = store_temporary(layer->below->base, temporary, err);
	if (fd < 0)
		return -1;
	job.temporary = *temporary;
	if (sealed_run(&sealed, &answer, err) || take_digests(layer, answer, err)) {
		unlink(*temporary);
		return -1;
	}
	return steal_fd(fd);
}
