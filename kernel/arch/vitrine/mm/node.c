// SPDX-License-Identifier: GPL-2.0-only
/* node.c - all memory is one NUMA node
 *
 * Distribution kernels have NUMA on machines of one node, and programs ask: for a policy, for the
 * node of a page, in /sys/devices/system/node and /proc/PID/numa_maps. So the guest has node 0.
 * asm/topology.h says the same in constants, so that nobody has to look up which node he is on.
 */
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <asm/vitrine.h>

static pg_data_t node_zero;

void __wrap_si_meminfo_node(struct sysinfo *info, int nid);
void __real_si_meminfo_node(struct sysinfo *info, int nid);
bool __wrap_node_dirty_ok(struct pglist_data *pgdat);

/**
 * vitrine_node_init() - Have one node
 *
 * To be called when memblock knows all memory and before free_area_init().
 */
void __init vitrine_node_init(void)
{
	node_data[0] = &node_zero;
	node_possible_map = nodemask_of_node(0);
	node_set_state(0, N_CPU);
	memblock_set_node(0, PHYS_ADDR_MAX, &memblock.memory, 0);
}

/* The zone knows only of memory that has been used, see growth.c; the node has all there is */
void __wrap_si_meminfo_node(struct sysinfo *info, int nid)
{
	__real_si_meminfo_node(info, nid);
	info->totalram = totalram_pages();
	info->freeram = global_zone_page_state(NR_FREE_PAGES);
}

/*
 * Has a node its share of dirty pages, and should another one have the next? There is no other; and
 * as the share is computed from what the zone knows of, each page written beyond a few megabytes
 * would be allocated in a second attempt, after waking kswapd. What limits dirty pages are the
 * limits on all of them.
 */
bool __wrap_node_dirty_ok(struct pglist_data *pgdat)
{
	return true;
}
