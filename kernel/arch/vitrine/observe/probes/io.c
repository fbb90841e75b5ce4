// SPDX-License-Identifier: GPL-2.0-only
/* io.c - block requests, page cache and packets, from the kernel's tracepoints
 *
 * The kernel notes when a request was issued only for queues that are polled or throttled, so the
 * requests in flight are noted here, in a small table by their address. One that finds no room is
 * counted without a time.
 *
 * Rules for probes: see probes.c.
 */
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/netdevice.h>
#include <linux/pagemap.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/writeback.h>
#include <trace/events/block.h>
#include <trace/events/filemap.h>
#include <trace/events/net.h>
#include <trace/events/writeback.h>
#include "../block.h"
#include "../observe.h"

#define FLIGHT_BITS 9
#define FLIGHT_TRIES 8 /* places that a request can be at */

static struct flight {
	const struct request *rq;
	u64 issued; /* ticks */
} flights[1 << FLIGHT_BITS];

static struct flight *flight_find(const struct request *rq, const struct request *wanted)
{
	unsigned int at = hash_ptr(rq, FLIGHT_BITS), i;

	for (i = 0; i < FLIGHT_TRIES; i++) {
		struct flight *flight = &flights[(at + i) % ARRAY_SIZE(flights)];

		if (flight->rq == wanted)
			return flight;
	}
	return NULL;
}

/* As st_dev and st_rdev have it */
static u64 block_device(const struct request *rq)
{
	return rq->q->disk ? new_encode_dev(disk_devt(rq->q->disk)) : 0;
}

static u64 block_sector(const struct request *rq)
{
	sector_t sector = blk_rq_pos(rq);

	return sector == (sector_t)-1 ? 0 : sector; /* a flush has none */
}

static void probe_block_rq_issue(void *data, struct request *rq)
{
	struct flight *flight = flight_find(rq, rq) ?: flight_find(rq, NULL);
	enum vt_block_op op = vt_block_op(rq);

	if (flight)
		*flight = (struct flight){ rq, vt_ticks() };
	vt_count(&vt_region->counters.block[op].issued, 1);
	vt_event_tell(
	    VT_EVENT_BLOCK_ISSUE, current,
	    &(struct vt_event_plain){
		.a = block_sector(rq), .b = blk_rq_bytes(rq), .c = block_device(rq), .value = op },
	    NULL);
}
VT_PROBE(block_rq_issue)

static void probe_block_rq_complete(void *data, struct request *rq, blk_status_t status,
				    unsigned int bytes)
{
	struct flight *flight = flight_find(rq, rq);
	enum vt_block_op op = vt_block_op(rq);
	struct vt_block_counters *counters = &vt_region->counters.block[op];
	u64 ns = flight ? vt_ticks_to_ns(vt_ticks() - flight->issued) : 0;
	int err = -blk_status_to_errno(status);

	vt_count(&counters->bytes, bytes);
	if (bytes < blk_rq_bytes(rq))
		return; /* a part of it */
	vt_count(&counters->completed, 1);
	vt_count(&counters->errors, !!err);
	vt_count(&counters->time_ns, ns);
	if (flight)
		vt_count(&counters->latency[vt_bucket(ns)], 1);
	vt_event_tell(VT_EVENT_BLOCK_DONE, current,
		      &(struct vt_event_plain){ .a = block_sector(rq),
						.b = bytes,
						.c = block_device(rq),
						.d = ns,
						.value = op | err << 8 },
		      NULL);
	if (flight)
		flight->rq = NULL;
}
VT_PROBE(block_rq_complete)

static u64 inode_device(const struct inode *inode)
{
	return new_encode_dev(inode->i_sb->s_dev);
}

static void page_cache(const struct folio *folio, bool added)
{
	const struct inode *inode = folio->mapping->host;

	vt_event_tell(
	    VT_EVENT_PAGE_CACHE, current,
	    &(struct vt_event_plain){
		.a = inode->i_ino, .b = folio->index, .c = inode_device(inode), .value = added },
	    NULL);
}

static void probe_mm_filemap_add_to_page_cache(void *data, struct folio *folio)
{
	vt_count(&vt_region->counters.page_cache_added, folio_nr_pages(folio));
	page_cache(folio, true);
}
VT_PROBE(mm_filemap_add_to_page_cache)

static void probe_mm_filemap_delete_from_page_cache(void *data, struct folio *folio)
{
	vt_count(&vt_region->counters.page_cache_removed, folio_nr_pages(folio));
	page_cache(folio, false);
}
VT_PROBE(mm_filemap_delete_from_page_cache)

static void written_back(const struct inode *inode, long pages)
{
	if (pages > 0)
		vt_event_tell(VT_EVENT_WRITEBACK, current,
			      &(struct vt_event_plain){
				  .a = inode->i_ino, .b = pages, .c = inode_device(inode) },
			      NULL);
}

/* The header with it wants the whole of ext4's own */
DECLARE_TRACE(ext4_writepages_result,
	      TP_PROTO(struct inode *inode, struct writeback_control *wbc, int ret, int pages),
	      TP_ARGS(inode, wbc, ret, pages));

/* ext4 tells itself, also of what fsync() writes, which does not come this way */
static void probe_writeback_single_inode(void *data, struct inode *inode,
					 struct writeback_control *wbc, unsigned long nr_to_write)
{
	if (inode->i_sb->s_magic != EXT4_SUPER_MAGIC)
		written_back(inode, nr_to_write - wbc->nr_to_write);
}
VT_PROBE(writeback_single_inode)

static void probe_ext4_writepages_result(void *data, struct inode *inode,
					 struct writeback_control *wbc, int ret, int pages)
{
	written_back(inode, pages);
}
VT_PROBE(ext4_writepages_result)

static void probe_net_dev_xmit(void *data, struct sk_buff *skb, int rc, struct net_device *dev,
			       unsigned int len)
{
	if (rc != NETDEV_TX_OK)
		return;
	vt_count(&vt_region->counters.packets_sent, 1);
	vt_count(&vt_region->counters.bytes_sent, len);
	vt_event_tell(VT_EVENT_PACKET, current, &(struct vt_event_plain){ .b = len, .value = 1 },
		      dev->name);
}
VT_PROBE(net_dev_xmit)

static void probe_netif_receive_skb(void *data, struct sk_buff *skb)
{
	vt_count(&vt_region->counters.packets_received, 1);
	vt_count(&vt_region->counters.bytes_received, skb->len);
	vt_event_tell(VT_EVENT_PACKET, current,
		      &(struct vt_event_plain){ .b = skb->len, .value = 0 }, skb->dev->name);
}
VT_PROBE(netif_receive_skb)

const struct vt_probe vt_probes_io[] = {
	VT_PROBE_ENTRY(block_rq_issue),
	VT_PROBE_ENTRY(block_rq_complete),
	VT_PROBE_ENTRY(mm_filemap_add_to_page_cache),
	VT_PROBE_ENTRY(mm_filemap_delete_from_page_cache),
	VT_PROBE_ENTRY(writeback_single_inode),
	VT_PROBE_ENTRY(ext4_writepages_result),
	VT_PROBE_ENTRY(net_dev_xmit),
	VT_PROBE_ENTRY(netif_receive_skb),
};
const unsigned int vt_nr_probes_io = ARRAY_SIZE(vt_probes_io);
