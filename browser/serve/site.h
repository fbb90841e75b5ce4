/* SPDX-License-Identifier: GPL-2.0-only */
/* site.h - the files of the browser edition, and an image as its page fetches it */
#ifndef BROWSER_SERVE_SITE_H
#define BROWSER_SERVE_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "vitrine/error.h"

#define SITE_FILES_MAX 16
#define SITE_CHUNK (256 * 1024)

/**
 * struct site_file - what a path is answered with
 * @data: mapped, or allocated, until the process ends
 * @etag: in quotes; empty for what is always sent
 */
struct site_file {
	const char *path, *type;
	const uint8_t *data;
	size_t size;
	char etag[24];
};

struct site {
	struct site_file files[SITE_FILES_MAX];
	size_t count;
};

/**
 * site_open() - Map everything that will be served
 * @site:  filled
 * @pages: directory that `make browser` has made
 * @image: disk image; read once, for the digests of its chunks
 *
 * Return: 0, or -1 with @err filled: something is missing, or cannot be read.
 */
int site_open(struct site *site, const char *pages, const char *image, struct error *err);

/**
 * site_network() - Add what the page is told of the network
 * @relay: address of a relay, or NULL
 */
int site_network(struct site *site, const char *relay, struct error *err);

/* Return: what is at @path, or NULL */
const struct site_file *site_find(const struct site *site, const char *path);

/**
 * site_range() - Understand a Range header
 * @header: "bytes=FROM-TO", "bytes=FROM-" or "bytes=-LAST"; several ranges are not understood
 * @size:   of what it is about
 *
 * Return: 1 with @from and @length set, 0 when all is to be sent, -1 when nothing of it is there.
 */
int site_range(const char *header, uint64_t size, uint64_t *from, uint64_t *length);

#endif
