/* SPDX-License-Identifier: GPL-2.0-only */
/* stream.h - a snapshot as one stream of bytes: what vitrine snapshot export writes
 *
 * docs/snapshot-format.md describes it for others. Numbers are little-endian.
 */
#ifndef CLI_SNAPSHOT_MOVE_STREAM_H
#define CLI_SNAPSHOT_MOVE_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include "images/digest.h"
#include "vitrine/error.h"

#define STREAM_MAGIC "VTMOVE\r\n"
#define STREAM_VERSION 1
#define STREAM_NAME_MAX 64
#define STREAM_BLOCK 65536U	     /* most bytes of a record of data */
#define STREAM_FILE_MAX (1ULL << 46) /* bytes of a file, holes included */
#define STREAM_FILES_MAX 4096

enum stream_kind { STREAM_FILE = 1, STREAM_DATA, STREAM_FILE_END, STREAM_END, STREAM_NKINDS };

struct stream_head {
	char magic[8];
	uint32_t version, pad;
	char name[STREAM_NAME_MAX + 8]; /* of the snapshot */
};

/**
 * struct stream_record - what follows
 * @length: bytes behind this: the name of a file; data; a digest of its data; nothing
 * @offset: where the data is in the file; the size of the file
 */
struct stream_record {
	uint32_t kind, length;
	uint64_t offset;
};

/**
 * struct stream_taker - what is done with a stream that is read
 * @name: of the snapshot, NUL terminated, any bytes
 * @file: a file begins: @name, likewise, and its size; one at a time
 * @data: bytes of it, in order, none twice
 * @file_end: all of it was there; @digest is of its data
 *
 * Each returns 0, or -1 with @err, which ends it all.
 */
struct stream_taker {
	int (*name)(void *ctx, const char *name, struct error *err);
	int (*file)(void *ctx, const char *name, uint64_t size, struct error *err);
	int (*data)(void *ctx, uint64_t offset, const void *data, size_t len, struct error *err);
	int (*file_end)(void *ctx, const char *digest, struct error *err);
	void *ctx;
};

/**
 * stream_read() - Take a stream apart, which may be anything
 * @read: up to @len bytes; 0 at the end, -1 with @err
 *
 * Return: 0 when it was whole, or -1 with @err.
 */
int stream_read(long (*read)(void *source, void *buf, size_t len, struct error *err), void *source,
		const struct stream_taker *taker, struct error *err);

/** stream_hash() - Add a record of data to the digest of its file */
void stream_hash(struct hasher *hasher, uint64_t offset, const void *data, size_t len);

#endif
