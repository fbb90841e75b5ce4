// SPDX-License-Identifier: GPL-2.0-only
/* album.c - the newest answer to each question about a sandbox, for when it cannot be asked any
 * more
 *
 * Theory of operation
 * A table of answers, each with its question. Questions without a pid and a path are a dozen, and
 * their answers stay; those about one task or one file are as many as somebody has looked at, and
 * the one that was put in first makes room. Large answers (a process list of a megabyte) are
 * counted: an answer that does not fit into what is left of ALBUM_BYTES is not kept, and neither is
 * its predecessor, which would be taken for it.
 */
#include "album.h"

#include <stdlib.h>
#include <string.h>
#include "vitrine/util.h"

void album_init(struct album *album)
{
	memset(album, 0, sizeof(*album));
	pthread_mutex_init(&album->lock, NULL);
}

static void page_free(struct album *album, struct album_page *page)
{
	album->bytes -= page->text ? page->len : 0;
	free(page->text);
	free(page->path);
	*page = (struct album_page){ 0 };
}

static bool page_is(const struct album_page *page, uint32_t view, uint32_t pid, const char *path)
{
	return page->text && page->view == view && page->pid == pid &&
	       !strcmp(page->path ? page->path : "", path ? path : "");
}

static struct album_page *page_find(struct album *album, uint32_t view, uint32_t pid,
				    const char *path)
{
	for (size_t i = 0; i < ALBUM_PAGES; i++) {
		if (page_is(&album->pages[i], view, pid, path))
			return &album->pages[i];
	}
	return NULL;
}

/* A free page, or the oldest of those that are about one thing */
static struct album_page *page_make(struct album *album)
{
	struct album_page *oldest = NULL;

	for (size_t i = 0; i < ALBUM_PAGES; i++) {
		struct album_page *page = &album->pages[i];

		if (!page->text)
			return page;
		if ((page->pid || page->path) && (!oldest || page->time_ns < oldest->time_ns))
			oldest = page;
	}
	if (oldest)
		page_free(album, oldest);
	return oldest;
}

void album_put(struct album *album, uint32_t view, uint32_t pid, const char *path, const char *text,
	       size_t len, uint64_t time_ns)
{
	struct album_page *page;

	pthread_mutex_lock(&album->lock);
	page = page_find(album, view, pid, path);
	if (page)
		page_free(album, page);
	page = len <= ALBUM_BYTES - album->bytes ? page_make(album) : NULL;
	if (page) {
		page->text = malloc(len + 1);
		page->path = path ? strdup(path) : NULL;
	}
	if (page && page->text && (page->path || !path)) {
		memcpy(page->text, text, len);
		page->text[len] = '\0';
		page->len = len;
		page->view = view;
		page->pid = pid;
		page->time_ns = time_ns;
		album->bytes += len;
	} else if (page) {
		free(page->text);
		free(page->path);
		*page = (struct album_page){ 0 };
	}
	pthread_mutex_unlock(&album->lock);
}

char *album_get(struct album *album, uint32_t view, uint32_t pid, const char *path, size_t *len,
		uint64_t *time_ns)
{
	struct album_page *page;
	char *text = NULL;

	pthread_mutex_lock(&album->lock);
	page = page_find(album, view, pid, path);
	if (page)
		text = malloc(page->len + 1);
	if (text) {
		memcpy(text, page->text, page->len + 1);
		*len = page->len;
		*time_ns = page->time_ns;
	}
	pthread_mutex_unlock(&album->lock);
	return text;
}

void album_clear(struct album *album)
{
	pthread_mutex_lock(&album->lock);
	for (size_t i = 0; i < ALBUM_PAGES; i++)
		page_free(album, &album->pages[i]);
	pthread_mutex_unlock(&album->lock);
}
