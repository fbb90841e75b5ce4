// SPDX-License-Identifier: GPL-2.0-only
/* block.c - block devices and the requests that they work on
 *
 * Theory of operation
 * A request lives for as long as its tag: its figures are copied while the block layer walks over
 * the busy tags, which does not sleep, and written afterwards. A scheduler has tags of its own;
 * what holds one of those and none of the device waits in the scheduler.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/device/class.h>
#include <linux/part_stat.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include "../../../../block/blk.h"
#include "../../../../block/blk-mq.h"
#include "../../../../block/elevator.h"
#include "view.h"

#define REQUESTS_MAX 256

static const char *const state_names[] = {
	[MQ_RQ_IDLE] = "queued",
	[MQ_RQ_IN_FLIGHT] = "in flight",
	[MQ_RQ_COMPLETE] = "complete",
};

struct request_figures {
	int tag;
	enum req_op op;
	enum mq_rq_state state;
	u64 sector, bytes, age_ns;
};

struct request_list {
	struct gendisk *disk;
	u64 now;
	unsigned int used;
	struct request_figures requests[REQUESTS_MAX];
};

static bool request_read(struct request *rq, void *data)
{
	struct request_list *list = data;

	if (list->used == REQUESTS_MAX)
		return false;
	if (rq->q != list->disk->queue)
		return true; /* a tag set can be shared */
	list->requests[list->used++] = (struct request_figures){
		.tag = rq->tag,
		.op = req_op(rq),
		.state = blk_mq_rq_state(rq),
		.sector = blk_rq_pos(rq),
		.bytes = blk_rq_bytes(rq),
		.age_ns = list->now > rq->start_time_ns ? list->now - rq->start_time_ns : 0,
	};
	return true;
}

/* Waiting in the scheduler: what has a device's tag as well is counted there */
static bool request_read_waiting(struct request *rq, void *data)
{
	return rq->tag != BLK_MQ_NO_TAG || request_read(rq, data);
}

static void requests_read(struct request_list *list, struct gendisk *disk)
{
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;

	list->disk = disk;
	list->now = blk_time_get_ns();
	list->used = 0;
	if (!queue_is_mq(disk->queue))
		return;
	blk_mq_queue_tag_busy_iter(disk->queue, request_read, list);
	if (!percpu_ref_tryget(&disk->queue->q_usage_counter))
		return;
	queue_for_each_hw_ctx(disk->queue, hctx, i)
	{
		if (hctx->sched_tags)
			blk_mq_all_tag_iter(hctx->sched_tags, request_read_waiting, list);
	}
	percpu_ref_put(&disk->queue->q_usage_counter);
}

static void json_requests(struct vt_json *json, struct request_list *list)
{
	unsigned int in_flight[2] = { 0 };

	vt_json_array(json, "requests");
	for (unsigned int i = 0; i < list->used; i++) {
		const struct request_figures *rq = &list->requests[i];

		vt_json_object(json, NULL);
		vt_json_int(json, "tag", rq->tag);
		vt_json_string(json, "op", blk_op_str(rq->op));
		vt_json_u64(json, "sector", rq->sector);
		vt_json_u64(json, "bytes", rq->bytes);
		vt_json_u64(json, "age_ns", rq->age_ns);
		vt_json_string(json, "state",
			       rq->state < ARRAY_SIZE(state_names) ? state_names[rq->state] : NULL);
		vt_json_end(json);
		in_flight[op_is_write(rq->op)]++;
	}
	vt_json_end(json);
	vt_json_int(json, "in_flight_reads", in_flight[0]);
	vt_json_int(json, "in_flight_writes", in_flight[1]);
}

static void json_queue(struct vt_json *json, struct request_queue *queue)
{
	char scheduler[ELV_NAME_MAX] = "";

	/* no sleep between the look and the copy */
	if (queue->elevator)
		strscpy(scheduler, queue->elevator->type->elevator_name, sizeof(scheduler));
	vt_json_string(json, "scheduler", scheduler[0] ? scheduler : NULL);
	if (queue_is_mq(queue)) {
		vt_json_int(json, "queue_depth", queue->tag_set->queue_depth);
		vt_json_int(json, "queues", queue->nr_hw_queues);
	} else {
		vt_json_null(json, "queue_depth");
		vt_json_null(json, "queues");
	}
}

static void json_statistics(struct vt_json *json, struct block_device *part)
{
	static const struct {
		const char *count, *bytes, *time;
	} names[NR_STAT_GROUPS] = {
		[STAT_READ] = { "reads", "read_bytes", "read_ns" },
		[STAT_WRITE] = { "writes", "written_bytes", "write_ns" },
		[STAT_DISCARD] = { "discards", "discarded_bytes", "discard_ns" },
		[STAT_FLUSH] = { "flushes", NULL, "flush_ns" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		vt_json_u64(json, names[i].count, part_stat_read(part, ios[i]));
		if (names[i].bytes)
			vt_json_u64(json, names[i].bytes,
				    (u64)part_stat_read(part, sectors[i]) << SECTOR_SHIFT);
		vt_json_u64(json, names[i].time, part_stat_read(part, nsecs[i]));
	}
	vt_json_u64(json, "busy_ns", jiffies_to_nsecs(part_stat_read(part, io_ticks)));
}

static void json_disk(struct vt_json *json, struct gendisk *disk, struct request_list *list)
{
	vt_json_object(json, NULL);
	vt_json_string(json, "name", disk->disk_name);
	vt_json_device(json, "device", disk_devt(disk));
	vt_json_u64(json, "size_bytes", (u64)get_capacity(disk) << SECTOR_SHIFT);
	vt_json_int(json, "block_bytes", queue_logical_block_size(disk->queue));
	vt_json_bool(json, "read_only", get_disk_ro(disk));
	json_queue(json, disk->queue);
	json_statistics(json, disk->part0);
	requests_read(list, disk);
	json_requests(json, list);
	vt_json_end(json);
}

/**
 * vt_view_block() - View: block devices
 *
 * Those without a medium (loop devices that nobody uses) are left out.
 */
int vt_view_block(struct vt_json *json, const struct vt_view_args *args)
{
	struct request_list *list = kvmalloc(sizeof(*list), GFP_KERNEL);
	struct class_dev_iter at;
	struct device *dev;

	if (!list)
		return -ENOMEM;
	vt_json_array(json, "devices");
	class_dev_iter_init(&at, &block_class, NULL, &disk_type);
	while ((dev = class_dev_iter_next(&at))) {
		if (get_capacity(dev_to_disk(dev)))
			json_disk(json, dev_to_disk(dev), list);
	}
	class_dev_iter_exit(&at);
	vt_json_end(json);
	kvfree(list);
	return 0;
}
