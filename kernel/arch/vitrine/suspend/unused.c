// SPDX-License-Identifier: GPL-2.0-only
/* unused.c - tell the supervisor what need not be kept of memory
 *
 * Pages on the free lists hold what their last user left. The supervisor writes zeros for them, or
 * nothing, when it writes memory down.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <asm/vitrine.h>
#include "suspend.h"

static void tell_list(struct list_head *list, unsigned int order)
{
	struct page *page;

	list_for_each_entry (page, list, buddy_list)
		vt_host->memory_unused(page_to_phys(page), PAGE_SIZE << order);
}

/**
 * vitrine_tell_unused() - Tell of each free block
 *
 * Context: everything stands still, and nobody was stopped with a zone's lock.
 */
void vitrine_tell_unused(void)
{
	unsigned int order, type;
	struct zone *zone;

	for_each_populated_zone(zone)
	{
		for_each_migratetype_order(order, type)
		    tell_list(&zone->free_area[order].free_list[type], order);
	}
}
