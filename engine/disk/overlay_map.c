// SPDX-License-Identifier: GPL-2.0-only
/* overlay_map.c - which clusters of a disk its overlay holds
 *
 * Theory of operation
 * Readers look at the bits without a lock. Setting a bit, and then marking its page dirty, are
 * releases; a reader that sees the bit, and a capture that sees the mark, therefore see everything
 * that came before. A capture clears the mark before it copies the page: a bit set meanwhile is in
 * the copy or has its page marked again, and if it is in the copy its data were already written.
 *
 * The arrays are as large as the disk is, but zero pages cost nothing until they are touched.
 *
 * Host system calls: those of fileio.c.
 */
#include "overlay_map.h"

#include <endian.h>
#include <string.h>

#include "overlay.h"
#include "vitrine/util.h"

#define WORD_BITS 64
#define PAGE_WORDS (OVERLAY_PAGE / sizeof(uint64_t))
#define PAGE_CLUSTERS (OVERLAY_PAGE * 8ULL)

static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "words of the bitmap are used as they are on disk");

int overlay_map_init(struct overlay_map *map, uint64_t clusters, bool durable)
{
	*map = (struct overlay_map){ .clusters = clusters };
	map->pages = (clusters + PAGE_CLUSTERS - 1) / PAGE_CLUSTERS;
	map->bits = calloc(map->pages, OVERLAY_PAGE);
	if (durable) {
		map->dirty = calloc(map->pages, sizeof(*map->dirty));
		map->shadow = calloc(map->pages, OVERLAY_PAGE);
		map->pending = calloc(map->pages, sizeof(*map->pending));
		if (!map->dirty || !map->shadow || !map->pending)
			return -1;
	}
	return map->bits ? 0 : -1;
}

void overlay_map_free(struct overlay_map *map)
{
	free(map->bits);
	free(map->dirty);
	free(map->shadow);
	free(map->pending);
	*map = (struct overlay_map){ 0 };
}

int overlay_map_load(struct overlay_map *map, struct file_range *file)
{
	return file_read_buf(file, map->bits, 0, map->pages * OVERLAY_PAGE);
}

uint64_t overlay_map_run(const struct overlay_map *map, uint64_t first, uint64_t end, bool *set)
{
	uint64_t at = first, word, same;

	word = __atomic_load_n(&map->bits[at / WORD_BITS], __ATOMIC_ACQUIRE);
	*set = word >> (at % WORD_BITS) & 1;

	while (at < end) {
		word = __atomic_load_n(&map->bits[at / WORD_BITS], __ATOMIC_ACQUIRE);
		/* Ones where the state differs, from our bit on */
		word = (*set ? ~word : word) >> (at % WORD_BITS);
		same = word ? (uint64_t)__builtin_ctzll(word) : WORD_BITS - at % WORD_BITS;
		at += same;
		if (word)
			break;
	}
	/* The first bit was read twice and can have been set in between */
	if (at == first)
		at++;
	return (at < end ? at : end) - first;
}

/* Of one word the bits from @at on that are in front of @end. Return: how many */
static uint64_t bits_at(uint64_t at, uint64_t end, uint64_t *mask)
{
	uint64_t count = WORD_BITS - at % WORD_BITS;

	if (count > end - at)
		count = end - at;
	*mask = (count == WORD_BITS ? ~0ULL : (1ULL << count) - 1) << (at % WORD_BITS);
	return count;
}

void overlay_map_clear(struct overlay_map *map, uint64_t first, uint64_t end)
{
	uint64_t mask;

	for (uint64_t at = first; at < end;) {
		uint64_t *word = &map->bits[at / WORD_BITS];

		at += bits_at(at, end, &mask);
		if (__atomic_load_n(word, __ATOMIC_RELAXED) & mask)
			__atomic_fetch_and(word, ~mask, __ATOMIC_RELEASE);
	}
}

void overlay_map_set(struct overlay_map *map, uint64_t first, uint64_t end)
{
	uint64_t at, count, mask, page;

	for (at = first; at < end; at += count) {
		count = bits_at(at, end, &mask);
		__atomic_fetch_or(&map->bits[at / WORD_BITS], mask, __ATOMIC_RELEASE);
	}

	if (!map->dirty)
		return;
	for (page = first / PAGE_CLUSTERS; page <= (end - 1) / PAGE_CLUSTERS; page++)
		__atomic_store_n(&map->dirty[page], 1, __ATOMIC_RELEASE);
}

static void capture_page(struct overlay_map *map, size_t page)
{
	uint64_t *to = (uint64_t *)(map->shadow + page * OVERLAY_PAGE);
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		to[i] = __atomic_load_n(&map->bits[page * PAGE_WORDS + i], __ATOMIC_ACQUIRE);
	map->pending[page] = true;
}

bool overlay_map_capture(struct overlay_map *map)
{
	bool any = false;
	size_t page;

	for (page = 0; page < map->pages; page++) {
		if (__atomic_exchange_n(&map->dirty[page], 0, __ATOMIC_ACQ_REL))
			capture_page(map, page);
		any |= map->pending[page];
	}
	return any;
}

int overlay_map_write(struct overlay_map *map, struct file_range *file)
{
	size_t page;
	int ret;

	for (page = 0; page < map->pages; page++) {
		if (!map->pending[page])
			continue;
		ret = file_write_buf(file, map->shadow + page * OVERLAY_PAGE, page * OVERLAY_PAGE,
				     OVERLAY_PAGE);
		if (ret)
			return ret;
	}
	return 0;
}

void overlay_map_written(struct overlay_map *map)
{
	memset(map->pending, 0, map->pages * sizeof(*map->pending));
}
