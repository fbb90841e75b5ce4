/* SPDX-License-Identifier: GPL-2.0-only */
/* assets.h - a dashboard's files, inside the program
 *
 * web/dashboard/build.mjs makes the table of each program when it is built; web/assets_none.c and
 * web/service_none.c stand in for it without dashboards (meson -Ddashboard=disabled).
 */
#ifndef LIB_ASSETS_H
#define LIB_ASSETS_H

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

#endif /* LIB_ASSETS_H */
