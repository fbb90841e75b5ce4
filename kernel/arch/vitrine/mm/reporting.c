// SPDX-License-Identifier: GPL-2.0-only
/* reporting.c - give memory that the guest has freed back to the host
 *
 * Theory of operation
 * Free page reporting walks the buddy allocator's free lists some two seconds after pages were
 * freed and hands us blocks that it has isolated; nobody can allocate them before the report
 * returns. We ask the host to drop them (a hole in the memory file), so their next user finds
 * zeroed pages that the host allocates when they are touched. This is what virtio-balloon's
 * reporting queue does, without the queue.
 *
 * REPORT_ORDER trades host calls for memory: blocks below it stay with the guest. 128 KiB catches
 * most of what a finished compiler leaves, at about one microsecond of host time for each block.
 */
#include <linux/init.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <asm/vitrine.h>

#define REPORT_ORDER 5

static int vitrine_report(struct page_reporting_dev_info *prdev, struct scatterlist *sgl,
			  unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;

	for (i = 0, sg = sgl; i < nents; i++, sg = sg_next(sg)) {
		vitrine_memory_release(sg_phys(sg), sg->length);
		cond_resched(); /* of 32 blocks each can be 4 MiB */
	}
	return 0;
}

static struct page_reporting_dev_info vitrine_reporting = {
	.report = vitrine_report,
	.order = REPORT_ORDER,
};

static int __init vitrine_reporting_init(void)
{
	return page_reporting_register(&vitrine_reporting);
}
late_initcall(vitrine_reporting_init);
