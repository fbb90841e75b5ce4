/* SPDX-License-Identifier: GPL-2.0-only */
/* json_fd.h - JSON from and to files, in pieces that are worth a system call
 *
 * jansson reads and writes a byte or a token at a time.
 */
#ifndef LIB_JSON_FD_H
#define LIB_JSON_FD_H

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vitrine/util.h"

struct json_fd {
	int fd;
	size_t at, end;
	char bytes[4096];
};

static inline size_t json_fd_fill(void *to, size_t room, void *context)
{
	struct json_fd *from = context;
	size_t len;

	if (from->at == from->end) {
		ssize_t n;

		do
			n = read(from->fd, from->bytes, sizeof(from->bytes));
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return (size_t)-1;
		from->at = 0;
		from->end = (size_t)n;
	}
	len = from->end - from->at < room ? from->end - from->at : room;
	memcpy(to, from->bytes + from->at, len);
	from->at += len;
	return len;
}

/**
 * json_from_fd() - As json_loadfd(); @fd may be read further than the value goes
 */
static inline json_t *json_from_fd(int fd, size_t flags, json_error_t *why)
{
	struct json_fd from = { .fd = fd };

	return json_load_callback(json_fd_fill, &from, flags, why);
}

/**
 * json_to_fd() - As json_dumpfd()
 */
static inline int json_to_fd(const json_t *json, int fd, size_t flags)
{
	cleanup_free char *text = json_dumps(json, flags);
	const size_t len = text ? strlen(text) : 0;

	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += (size_t)n;
	}
	return text ? 0 : -1;
}

#endif
