// SPDX-License-Identifier: GPL-2.0-only
/* site.c - the files of the browser edition, and an image as its page fetches it
 *
 * Theory of operation
 * The page fetches a disk in chunks, each of which it compares with a digest, and none that is
 * zeros. So the image is read once when the server starts, but for its holes. All files are mapped:
 * the server opens none afterwards. An image that somebody changes meanwhile is noticed by the
 * page.
 *
 * Host system calls: open, fstat, mmap, lseek.
 */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/digest.h"
#include "vitrine/util.h"

#define ETAG_DIGITS 20
#define NUMBER_MAX 20

static const struct {
	const char *path, *name, *type;
} pages_files[] = {
	{ "/", "index.html", "text/html; charset=utf-8" },
	{ "/page.js", "page.js", "text/javascript; charset=utf-8" },
	{ "/page.css", "page.css", "text/css; charset=utf-8" },
	{ "/worker.js", "worker.js", "text/javascript; charset=utf-8" },
	{ "/icon.svg", "icon.svg", "image/svg+xml" },
	{ "/xterm-license.txt", "xterm-license.txt", "text/plain; charset=utf-8" },
	{ "/machine.wasm", "machine.wasm", "application/wasm" },
	{ "/kernel.gz", "kernel.gz", "application/octet-stream" },
};

/* Return: a descriptor, or -1 */
static int map_file(const char *path, struct site_file *file, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return error_set(err, 0, "%s is no file with anything in it", path);
	file->size = (size_t)st.st_size;
	file->data = mmap(NULL, file->size, PROT_READ, MAP_SHARED, fd, 0);
	if (file->data == MAP_FAILED)
		return error_set(err, errno, "%s", path);
	return steal_fd(fd);
}

static void set_etag(struct site_file *file)
{
	char digest[DIGEST_SIZE];

	digest_of(file->data, file->size, digest);
	snprintf(file->etag, sizeof(file->etag), "\"%.*s\"", ETAG_DIGITS, digest_hex(digest));
}

static struct site_file *add(struct site *site, const char *path, const char *type)
{
	struct site_file *file = &site->files[site->count++];

	*file = (struct site_file){ .path = path, .type = type };
	return file;
}

static bool is_zeros(const uint8_t *data, size_t size)
{
	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* Where data begins that is not a hole, from @from on; @size when there is none */
static uint64_t data_from(int fd, uint64_t from, uint64_t size)
{
	const off_t at = lseek(fd, (off_t)from, SEEK_DATA);

	if (at >= 0)
		return (uint64_t)at;
	return errno == ENXIO ? size : from; /* a file system that does not know */
}

/* image/disk.json: see protocol.ts */
static int make_index(int fd, const struct site_file *disk, struct site_file *index,
		      struct error *err)
{
	uint64_t data = 0;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return error_set(err, errno, "cannot make the image's index");
	fprintf(out, "{\"size\":%zu,\"chunk\":%d,\"chunks\":[", disk->size, SITE_CHUNK);
	for (uint64_t at = 0; at < disk->size; at += SITE_CHUNK) {
		const size_t size =
		    disk->size - at < SITE_CHUNK ? (size_t)(disk->size - at) : SITE_CHUNK;
		char digest[DIGEST_SIZE] = DIGEST_PREFIX;

		if (data < at + size)
			data = data_from(fd, at, disk->size);
		if (data < at + size && !is_zeros(disk->data + at, size))
			digest_of(disk->data + at, size, digest);
		fprintf(out, "%s\"%s\"", at ? "," : "", digest_hex(digest));
	}
	fputs("]}\n", out);
	if (fclose(out))
		return error_set(err, ENOMEM, "cannot make the image's index");
	index->data = (uint8_t *)text;
	index->size = len;
	return 0;
}

int site_open(struct site *site, const char *pages, const char *image, struct error *err)
{
	struct site_file *disk;
	cleanup_close int fd = -1;

	*site = (struct site){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(pages_files); i++) {
		struct site_file *file = add(site, pages_files[i].path, pages_files[i].type);
		cleanup_free char *path = NULL;
		cleanup_close int one = -1;

		if (asprintf(&path, "%s/%s", pages, pages_files[i].name) < 0)
			return error_set(err, ENOMEM, "cannot open the page");
		one = map_file(path, file, err);
		if (one < 0 && err && err->code == ENOENT)
			return error_set(err, 0,
					 "the browser edition is not there: make browser "
					 "(%s is missing)",
					 path);
		if (one < 0)
			return -1;
		set_etag(file);
	}
	disk = add(site, "/image/disk", "application/octet-stream");
	fd = map_file(image, disk, err);
	if (fd < 0)
		return -1;
	return make_index(fd, disk, add(site, "/image/disk.json", "application/json"), err);
}

int site_network(struct site *site, const char *relay, struct error *err)
{
	struct site_file *file = add(site, "/network.json", "application/json");
	char *text;
	const int len = asprintf(&text, "{\"relay\":\"%s\"}\n", relay ? relay : "");

	if (len < 0)
		return error_set(err, ENOMEM, "cannot name the relay");
	file->data = (uint8_t *)text;
	file->size = (size_t)len;
	return 0;
}

const struct site_file *site_find(const struct site *site, const char *path)
{
	for (size_t i = 0; i < site->count; i++) {
		if (!strcmp(site->files[i].path, path))
			return &site->files[i];
	}
	return NULL;
}

/* Decimal digits. Return: behind them, or NULL */
static const char *number(const char *text, uint64_t *value)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits >= NUMBER_MAX)
		return NULL;
	*value = strtoull(text, NULL, 10);
	return text + digits;
}

int site_range(const char *header, uint64_t size, uint64_t *from, uint64_t *length)
{
	uint64_t last = size - 1;
	const char *text;

	if (!header || strncmp(header, "bytes=", 6))
		return 0;
	header += 6;
	if (*header == '-') {
		text = number(header + 1, &last);
		if (!text || *text)
			return 0;
		if (!last)
			return -1;
		*from = last < size ? size - last : 0;
		*length = size - *from;
		return 1;
	}
	text = number(header, from);
	if (!text || *text++ != '-')
		return 0;
	if (*text) {
		text = number(text, &last);
		if (!text || *text || last < *from)
			return 0;
	}
	if (*from >= size)
		return -1;
	*length = (last < size ? last + 1 : size) - *from;
	return 1;
}
