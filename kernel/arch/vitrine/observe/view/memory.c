// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - where memory is: figures, zones and their free lists, reclaim */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/swap.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "view.h"

#define LIST_COUNTED_MAX 4096 /* blocks of a free list that are counted under the zone's lock */

/* Figures that are counters of pages */
static const struct {
	const char *name;
	enum node_stat_item item;
} node_figures[] = {
	{ "active_anon_bytes", NR_ACTIVE_ANON },
	{ "inactive_anon_bytes", NR_INACTIVE_ANON },
	{ "active_file_bytes", NR_ACTIVE_FILE },
	{ "inactive_file_bytes", NR_INACTIVE_FILE },
	{ "unevictable_bytes", NR_UNEVICTABLE },
	{ "anon_bytes", NR_ANON_MAPPED },
	{ "mapped_bytes", NR_FILE_MAPPED },
	{ "shmem_bytes", NR_SHMEM },
	{ "dirty_bytes", NR_FILE_DIRTY },
	{ "writeback_bytes", NR_WRITEBACK },
	{ "anon_huge_bytes", NR_ANON_THPS },
	{ "slab_reclaimable_bytes", NR_SLAB_RECLAIMABLE_B },
	{ "slab_unreclaimable_bytes", NR_SLAB_UNRECLAIMABLE_B },
	{ "page_tables_bytes", NR_PAGETABLE },
};

static const char *const type_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "unmovable",
	[MIGRATE_MOVABLE] = "movable",
	[MIGRATE_RECLAIMABLE] = "reclaimable",
	[MIGRATE_HIGHATOMIC] = "highatomic",
};

static void json_pages(struct vt_json *json, const char *key, u64 pages)
{
	vt_json_u64(json, key, pages << PAGE_SHIFT);
}

/* The definitions are those of fs/proc/meminfo.c */
static void json_figures(struct vt_json *json)
{
	struct sysinfo info;
	long cached;

	si_meminfo(&info);
	si_swapinfo(&info);
	cached = global_node_page_state(NR_FILE_PAGES) - total_swapcache_pages() - info.bufferram;
	json_pages(json, "total_bytes", info.totalram);
	json_pages(json, "free_bytes", info.freeram);
	json_pages(json, "available_bytes", si_mem_available());
	json_pages(json, "buffers_bytes", info.bufferram);
	json_pages(json, "cached_bytes", max(cached, 0L));
	json_pages(json, "swap_cached_bytes", total_swapcache_pages());
	for (unsigned int i = 0; i < ARRAY_SIZE(node_figures); i++)
		json_pages(json, node_figures[i].name,
			   global_node_page_state_pages(node_figures[i].item));
	json_pages(json, "mlocked_bytes", global_zone_page_state(NR_MLOCK));
	vt_json_u64(json, "kernel_stack_bytes",
		    (u64)global_node_page_state(NR_KERNEL_STACK_KB) << 10);
	json_pages(json, "vmalloc_bytes", vmalloc_nr_pages());
	json_pages(json, "percpu_bytes", pcpu_nr_pages());
	json_pages(json, "swap_total_bytes", info.totalswap);
	json_pages(json, "swap_free_bytes", info.freeswap);
	json_pages(json, "committed_bytes", vm_memory_committed());
	json_pages(json, "commit_limit_bytes", vm_commit_limit());
}

/* Number of blocks, or -1 when they are too many to be counted in one go */
static long list_count(struct zone *zone, struct list_head *list)
{
	struct list_head *at;
	unsigned long flags;
	long count = 0;

	spin_lock_irqsave(&zone->lock, flags);
	list_for_each(at, list)
	{
		if (++count > LIST_COUNTED_MAX) {
			count = -1;
			break;
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	cond_resched();
	return count;
}

static void json_free_list(struct vt_json *json, struct zone *zone, unsigned int order)
{
	struct free_area *area = &zone->free_area[order];

	vt_json_object(json, NULL);
	vt_json_int(json, "order", order);
	vt_json_u64(json, "block_bytes", PAGE_SIZE << order);
	vt_json_u64(json, "free_blocks", data_race(area->nr_free));
	vt_json_object(json, "types");
	for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
		long count = list_count(zone, &area->free_list[type]);

		if (!type_names[type])
			continue;
		if (count < 0)
			vt_json_null(json, type_names[type]);
		else
			vt_json_int(json, type_names[type], count);
	}
	vt_json_end(json);
	vt_json_end(json);
}

static void json_zone(struct vt_json *json, struct zone *zone)
{
	vt_json_object(json, NULL);
	vt_json_string(json, "name", zone->name);
	vt_json_int(json, "node", zone_to_nid(zone));
	json_pages(json, "managed_bytes", zone_managed_pages(zone));
	json_pages(json, "present_bytes", zone->present_pages);
	json_pages(json, "spanned_bytes", zone->spanned_pages);
	json_pages(json, "free_bytes", zone_page_state(zone, NR_FREE_PAGES));
	json_pages(json, "min_bytes", min_wmark_pages(zone));
	json_pages(json, "low_bytes", low_wmark_pages(zone));
	json_pages(json, "high_bytes", high_wmark_pages(zone));
	vt_json_array(json, "free_lists");
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		json_free_list(json, zone, order);
	vt_json_end(json);
	vt_json_end(json);
}

static void json_events(struct vt_json *json)
{
	unsigned long events[NR_VM_EVENT_ITEMS];

	all_vm_events(events);
	vt_json_object(json, "events");
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		vt_json_u64(json, vm_event_name(i), events[i]);
	vt_json_end(json);
}

/**
 * vt_view_memory() - View: memory
 */
int vt_view_memory(struct vt_json *json, const struct vt_view_args *args)
{
	struct zone *zone;

	json_figures(json);
	vt_json_array(json, "zones");
	for_each_populated_zone(zone) json_zone(json, zone);
	vt_json_end(json);
	json_events(json);
	vt_json_cgroups(json);
	return 0;
}
