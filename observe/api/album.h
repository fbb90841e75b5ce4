/* SPDX-License-Identifier: GPL-2.0-only */
/* album.h - the newest answer to each question about a sandbox, for when it cannot be asked any
 * more */
#ifndef OBSERVE_API_ALBUM_H
#define OBSERVE_API_ALBUM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALBUM_PAGES 192		 /* answers, of which the ones about a task or a file go first */
#define ALBUM_BYTES (64UL << 20) /* in all */

/**
 * struct album_page - one answer
 * @path: of the question, or NULL; @text: @len bytes and a NUL, owned
 * @time_ns: CLOCK_MONOTONIC, when it was true
 */
struct album_page {
	uint32_t view, pid;
	char *path, *text;
	size_t len;
	uint64_t time_ns;
};

struct album {
	pthread_mutex_t lock;
	struct album_page pages[ALBUM_PAGES];
	size_t bytes;
};

void album_init(struct album *album);

/**
 * album_put() - Keep an answer in place of the one before
 * @path: NULL for none
 * @text: @len bytes, copied
 *
 * What there is no room for is not kept.
 */
void album_put(struct album *album, uint32_t view, uint32_t pid, const char *path, const char *text,
	       size_t len, uint64_t time_ns);

/**
 * album_get() - The answer that was kept
 * @len:     set to its length
 * @time_ns: set to when it was true
 *
 * Return: a copy, which the caller frees; NULL when there is none.
 */
char *album_get(struct album *album, uint32_t view, uint32_t pid, const char *path, size_t *len,
		uint64_t *time_ns);

/** album_clear() - Forget everything */
void album_clear(struct album *album);

#endif
