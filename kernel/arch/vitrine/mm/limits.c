// SPDX-License-Identifier: GPL-2.0-only
/* limits.c - settings that generic code derives from a machine that we are not
 *
 * Limits that follow from the memory that is free at boot would be those of a machine with 64 MiB
 * (growth.c). And a fault costs ten times what it costs on hardware, while mapping a run of frames
 * costs the same as mapping one: so pages are taken from the buddy lists in long runs, and a fault
 * in a file maps what is cached of a larger window.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sizes.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/udp.h>
#include "mm.h"

#define PCP_BATCH 63
#define PCP_HIGH (PCP_BATCH * 6)

/* How far the buffers of one connection may grow, which is how much may be on its way. With a
 * window of one large segment each waits until the last one was read. To send, less is enough than
 * the usual 4 MiB: the other end of the card takes 256 KiB at a time, and more only goes cold
 */
static void __init connection_limits(void)
{
	const unsigned long share = totalram_pages() << (PAGE_SHIFT - 7);

	init_net.ipv4.sysctl_tcp_wmem[2] = clamp(share, SZ_64K, SZ_1M);
	init_net.ipv4.sysctl_tcp_rmem[2] = clamp(share, SZ_128K, 6UL * SZ_1M);
}

/* As net/ipv4/tcp.c and udp.c derive them, but from all of memory */
static void __init network_limits(void)
{
	unsigned long limit = max(totalram_pages() / 16, 128UL);

	sysctl_tcp_mem[0] = limit / 4 * 3;
	sysctl_tcp_mem[1] = limit;
	sysctl_tcp_mem[2] = sysctl_tcp_mem[0] * 2;
	limit = max(totalram_pages() / 8, 128UL);
	sysctl_udp_mem[0] = limit / 4 * 3;
	sysctl_udp_mem[1] = limit;
	sysctl_udp_mem[2] = sysctl_udp_mem[0] * 2;
}

/* What zone_batchsize() gives a zone of ordinary size */
static void __init page_list_limits(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
	{
		struct per_cpu_pages *pcp = this_cpu_ptr(zone->per_cpu_pageset);

		zone->pageset_batch = pcp->batch = PCP_BATCH;
		zone->pageset_high_min = pcp->high_min = PCP_HIGH;
		zone->pageset_high_max = pcp->high_max = PCP_HIGH * 4;
	}
}

/* The generic window can only be set by hand, through debugfs; its setter is what we need */
static void __init fault_around_limit(void)
{
	int (*set)(void *data, u64 value) = (void *)kallsyms_lookup_name("fault_around_bytes_set");

	if (!set || set(NULL, FILE_AROUND_SIZE))
		pr_info("fault-around stays at its default\n");
}

static int __init limits_init(void)
{
	network_limits();
	connection_limits();
	files_maxfiles_init(); /* how many files may be open, once more */
	page_list_limits();
	fault_around_limit();
	return 0;
}
late_initcall(limits_init);
