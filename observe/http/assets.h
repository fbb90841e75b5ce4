/* SPDX-License-Identifier: GPL-2.0-only */
/* assets.h - the dashboard's files, inside the program
 *
 * web/dashboard/build.mjs makes the table when the program is built; web/assets_none.c stands in
 * for it when it is built without a dashboard (meson -Ddashboard=disabled).
 */
#ifndef OBSERVE_HTTP_ASSETS_H
#define OBSERVE_HTTP_ASSETS_H

#include <stddef.h>

/**
 * struct asset - one file
 * @path:   of its address; "/" is the page
 * @type:   Content-Type
 * @etag:   strong validator, with its quotes
 * @plain:  content; @packed: the same, compressed with gzip, or NULL
 */
struct asset {
	const char *path, *type, *etag;
	const unsigned char *plain;
	size_t plain_len;
	const unsigned char *packed;
	size_t packed_len;
};

extern const struct asset assets[];
extern const size_t nassets;

#endif /* OBSERVE_HTTP_ASSETS_H */
