// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - take the stream of a snapshot apart, which may be anything
 *
 * Every length and offset is checked here, once: files have sizes within bounds, data lies inside
 * of its file and behind what came before, and what a file's digest does not fit is none. What is
 * in the files is not looked at.
 */
#include "stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vitrine/util.h"

/* @open: a file has begun; @size: of it; @at: end of the data that came; @files: so many so far */
struct reader {
	long (*read)(void *source, void *buf, size_t len, struct error *err);
	void *source;
	const struct stream_taker *taker;
	struct hasher *hasher;
	bool open;
	uint64_t size, at;
	unsigned files;
	uint8_t buf[STREAM_BLOCK];
};

static int damaged(struct error *err)
{
	return error_set(err, 0, "the stream is damaged");
}

static int read_all(struct reader *r, void *to, size_t len, struct error *err)
{
	for (size_t at = 0; at < len;) {
		long n = r->read(r->source, (char *)to + at, len - at, err);

		if (n < 0)
			return -1;
		if (!n)
			return error_set(err, 0, "the stream ends before the snapshot does");
		at += (size_t)n;
	}
	return 0;
}

void stream_hash(struct hasher *hasher, uint64_t offset, const void *data, size_t len)
{
	const uint64_t where[2] = { offset, len };

	hasher_add(hasher, where, sizeof(where));
	hasher_add(hasher, data, len);
}

static int take_file(struct reader *r, const struct stream_record *record, struct error *err)
{
	char name[STREAM_NAME_MAX + 1] = "";

	if (r->open || !record->length || record->length > STREAM_NAME_MAX ||
	    record->offset > STREAM_FILE_MAX || ++r->files > STREAM_FILES_MAX)
		return damaged(err);
	if (read_all(r, name, record->length, err))
		return -1;
	r->hasher = hasher_new();
	if (!r->hasher)
		return error_set(err, ENOMEM, "cannot read the snapshot");
	r->open = true;
	r->size = record->offset;
	r->at = 0;
	hasher_add(r->hasher, &r->size, sizeof(r->size));
	return r->taker->file(r->taker->ctx, name, r->size, err);
}

static int take_data(struct reader *r, const struct stream_record *record, struct error *err)
{
	if (!r->open || !record->length || record->length > STREAM_BLOCK ||
	    record->offset < r->at || record->offset > r->size ||
	    record->length > r->size - record->offset)
		return damaged(err);
	if (read_all(r, r->buf, record->length, err))
		return -1;
	r->at = record->offset + record->length;
	stream_hash(r->hasher, record->offset, r->buf, record->length);
	return r->taker->data(r->taker->ctx, record->offset, r->buf, record->length, err);
}

static int take_file_end(struct reader *r, const struct stream_record *record, struct error *err)
{
	char digest[DIGEST_SIZE] = "", is[DIGEST_SIZE];

	if (!r->open || record->length != DIGEST_LENGTH)
		return damaged(err);
	if (read_all(r, digest, DIGEST_LENGTH, err))
		return -1;
	hasher_end(steal_ptr(r->hasher), is);
	r->open = false;
	if (strcmp(digest, is) != 0)
		return error_set(err, 0, "the stream is damaged: a checksum is wrong");
	return r->taker->file_end(r->taker->ctx, digest, err);
}

static int take_records(struct reader *r, struct error *err)
{
	static int (*const take[STREAM_NKINDS])(struct reader *, const struct stream_record *,
						struct error *) = {
		[STREAM_FILE] = take_file,
		[STREAM_DATA] = take_data,
		[STREAM_FILE_END] = take_file_end,
	};
	struct stream_record record;

	for (;;) {
		if (read_all(r, &record, sizeof(record), err))
			return -1;
		if (record.kind == STREAM_END)
			return r->open || record.length ? damaged(err) : 0;
		if (record.kind >= STREAM_NKINDS || !take[record.kind])
			return damaged(err);
		if (take[record.kind](r, &record, err))
			return -1;
	}
}

static int take_all(struct reader *r, struct error *err)
{
	struct stream_head head;

	if (read_all(r, &head, sizeof(head), err))
		return -1;
	if (memcmp(head.magic, STREAM_MAGIC, sizeof(head.magic)) != 0)
		return error_set(err, 0, "this is no snapshot that vitrine has exported");
	if (head.version != STREAM_VERSION)
		return error_set(err, 0, "the snapshot has format %u, this program reads %u",
				 head.version, STREAM_VERSION);
	head.name[sizeof(head.name) - 1] = '\0';
	if (r->taker->name(r->taker->ctx, head.name, err))
		return -1;
	return take_records(r, err);
}

int stream_read(long (*read)(void *source, void *buf, size_t len, struct error *err), void *source,
		const struct stream_taker *taker, struct error *err)
{
	cleanup_free struct reader *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return error_set(err, ENOMEM, "cannot read the snapshot");
	r->read = read;
	r->source = source;
	r->taker = taker;
	ret = take_all(r, err);
	if (r->hasher)
		hasher_end(r->hasher, NULL);
	return ret;
}
