// SPDX-License-Identifier: GPL-2.0-only
/* rows.c - pages that stand in a row
 *
 * Theory of operation
 * The host maps pages that stand in a row with one call, and keeps one area for them. What will be
 * mapped together should therefore be allocated together, although Linux asks for one page after
 * the other. Before it does, a block is taken from the allocator, taken apart and put on its list
 * of free pages, which is a stack: the next allocations get its pages in order. Should they be
 * taken by somebody else, or not be there, nothing is lost but the row. Nothing is reclaimed for
 * it, and above all nothing compacted: that moves pages from where they are in a row to where they
 * are not.
 *
 * That is done for private memory that is made accessible ahead (ahead.c), and for file pages that
 * readahead is about to read, where the file system does not take large folios anyway.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include "mm.h"

#define ROW_ORDER 8U /* of a block, at most: 1 MiB */

/**
 * vitrine_line_up() - Have the next allocations of single user pages come in a row
 * @pages: how many there will be, or so; others of the block are found by whoever comes next
 */
void vitrine_line_up(unsigned int pages)
{
	const unsigned int order = min((unsigned int)order_base_2(pages), ROW_ORDER);
	struct page *page;

	if (pages < 2)
		return;
	page = alloc_pages((GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN, order);
	if (!page)
		return;
	split_page(page, order);
	for (unsigned int i = 1 << order; i-- > 0;)
		__free_page(page + i);
}

/* Pages that a file has from @index on, @wanted at the most */
static unsigned int pages_left(struct address_space *mapping, pgoff_t index, unsigned long wanted)
{
	const pgoff_t end = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE);

	if (mapping_large_folio_support(mapping) || index >= end)
		return 0;
	return min3(wanted, end - index, 1UL << ROW_ORDER);
}

void __wrap_page_cache_sync_ra(struct readahead_control *ractl, unsigned long wanted);
void __real_page_cache_sync_ra(struct readahead_control *ractl, unsigned long wanted);
void __wrap_page_cache_async_ra(struct readahead_control *ractl, struct folio *folio,
				unsigned long wanted);
void __real_page_cache_async_ra(struct readahead_control *ractl, struct folio *folio,
				unsigned long wanted);
void __wrap_page_cache_ra_order(struct readahead_control *ractl, struct file_ra_state *ra,
				unsigned int order);
void __real_page_cache_ra_order(struct readahead_control *ractl, struct file_ra_state *ra,
				unsigned int order);

/* Nothing was there: as many pages as readahead takes at most */
void __wrap_page_cache_sync_ra(struct readahead_control *ractl, unsigned long wanted)
{
	vitrine_line_up(pages_left(ractl->mapping, readahead_index(ractl), ractl->ra->ra_pages));
	__real_page_cache_sync_ra(ractl, wanted);
}

/* The marked page of a sequential reader was reached: what comes behind the last window */
void __wrap_page_cache_async_ra(struct readahead_control *ractl, struct folio *folio,
				unsigned long wanted)
{
	vitrine_line_up(
	    pages_left(ractl->mapping, ractl->ra->start + ractl->ra->size, ractl->ra->ra_pages));
	__real_page_cache_async_ra(ractl, folio, wanted);
}

/* A fault of a mapping, of which what lies around is read as well */
void __wrap_page_cache_ra_order(struct readahead_control *ractl, struct file_ra_state *ra,
				unsigned int order)
{
	vitrine_line_up(pages_left(ractl->mapping, readahead_index(ractl), ra->size));
	__real_page_cache_ra_order(ractl, ra, order);
}
