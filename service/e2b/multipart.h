/* SPDX-License-Identifier: GPL-2.0-only */
/* multipart.h - multipart/form-data (RFC 7578) as it comes, piece by piece */
#ifndef SERVICE_E2B_MULTIPART_H
#define SERVICE_E2B_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 70
#define MULTIPART_HEAD_MAX 8192
#define MULTIPART_NAME_MAX 4096

/**
 * struct multipart_events - what is told of the parts; each returns 0, or -1 to give up
 * @begin: a part begins; @filename is "" when it has none
 * @data:  some of it
 * @end:   that was all of it
 */
struct multipart_events {
	int (*begin)(void *context, const char *name, const char *filename);
	int (*data)(void *context, const char *data, size_t len);
	int (*end)(void *context);
	void *context;
};

enum multipart_state { MULTIPART_START, MULTIPART_HEAD, MULTIPART_DATA, MULTIPART_OVER };

/**
 * struct multipart - a body, as far as it came
 * @mark: CR LF "--" boundary; @kept: what may be the beginning of it, or a head that goes on
 */
struct multipart {
	const struct multipart_events *events;
	enum multipart_state state;
	char mark[MULTIPART_BOUNDARY_MAX + 5];
	size_t mark_len;
	char kept[MULTIPART_HEAD_MAX];
	size_t nkept;
};

/** multipart_open() - @type: of the body; Return: 0, or -1 when it is not one */
int multipart_open(struct multipart *m, const char *type, const struct multipart_events *events);

/** multipart_take() - The next bytes. Return: 0, or -1: malformed, or an event gave up */
int multipart_take(struct multipart *m, const char *data, size_t len);

/** multipart_over() - Was the last boundary there? */
bool multipart_over(const struct multipart *m);

#endif
