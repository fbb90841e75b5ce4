/* SPDX-License-Identifier: GPL-2.0-only */
/* source.h - what an image is imported from: a directory or an archive with named parts */
#ifndef VITRINE_IMAGES_OCI_SOURCE_H
#define VITRINE_IMAGES_OCI_SOURCE_H

#include <archive.h>
#include <stdbool.h>
#include <stddef.h>
#include "vitrine/error.h"

/**
 * struct source - parts by name
 * @fd:      a directory, or an archive that can be read from its beginning again
 * @archive: which of them
 * @whole:   neither: a stream that is the only part
 */
struct source {
	int fd;
	bool archive, whole;
};

enum source_kind { SOURCE_LAYOUT, SOURCE_DOCKER, SOURCE_TAR, SOURCE_TREE };

/**
 * source_open() - Open what the user named and find out what it is
 * @path: a directory, an archive, or "-" for an archive on standard input
 * @spool: a directory where standard input is kept for as long as it is needed
 */
int source_open(struct source *source, const char *path, const char *spool, enum source_kind *kind,
		struct error *err);

/**
 * source_text() - Read a document
 * @name: of the part
 *
 * Return: at most DOCUMENT_MAX bytes with a NUL behind them, which the caller frees, or NULL.
 */
char *source_text(const struct source *source, const char *name, struct error *err);

/**
 * struct source_part - a part that is being read
 * @name:    in an archive, NULL for all of the file @fd
 */
struct source_part {
	int fd;
	const char *name;
	struct archive *outer;
	char *buffer;
	size_t size;
};

/** source_part() - Open a part; close @part->fd afterwards when it is not the source's own */
int source_part(const struct source *source, const char *name, struct source_part *part,
		struct error *err);

/**
 * part_begin() - Prepare to read a part from its beginning; part_end() afterwards
 *
 * This and part_read() are for a sealed process.
 */
int part_begin(struct source_part *part, struct error *err);

/** part_read() - The next bytes; 0 at the end, -1 with @err filled. @data belongs to the part */
ssize_t part_read(struct source_part *part, const void **data, struct error *err);

void part_end(struct source_part *part);

#endif
