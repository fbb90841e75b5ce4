// SPDX-License-Identifier: GPL-2.0-only
/* view.c - answers VT_REQ_VIEW
 *
 * Theory of operation
 * A view is a function that adds members to a JSON object, and a line in a table. Views run one
 * after the other on a work queue, never in the server, which has children to reap while a large
 * list is made. None of them waits for a guest (view.h), so the queue always moves on.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include "view.h"

static const struct {
	const char *name;
	vt_view_make *make;
} views[VT_NR_VIEWS] = {
	[VT_VIEW_PROCESSES] = { "processes", vt_view_processes },
	[VT_VIEW_TASK] = { "task", vt_view_task },
	[VT_VIEW_MEMORY] = { "memory", vt_view_memory },
	[VT_VIEW_SLAB] = { "slab", vt_view_slab },
	[VT_VIEW_PAGE_CACHE] = { "page_cache", vt_view_page_cache },
	[VT_VIEW_BLOCK] = { "block", vt_view_block },
	[VT_VIEW_SOCKETS] = { "sockets", vt_view_sockets },
	[VT_VIEW_MOUNTS] = { "mounts", vt_view_mounts },
	[VT_VIEW_FILES] = { "files", vt_view_files },
	[VT_VIEW_SCHEDULER] = { "scheduler", vt_view_scheduler },
#ifdef CONFIG_VITRINE_FOLLOW
	[VT_VIEW_FOLLOW] = { "follow", vt_view_follow },
#endif
};

/**
 * vt_view_time() - A moment on the host's monotonic clock
 * @boottime_ns: the moment on the guest's CLOCK_BOOTTIME
 */
u64 vt_view_time(u64 boottime_ns)
{
	return vt_host->clock_monotonic() - (ktime_get_boottime_ns() - boottime_ns);
}

/**
 * vt_view_write() - Write one view
 * @json: fresh from vt_json_init()
 * @view: enum vt_view
 * @args: its arguments
 *
 * Context: process context; sleeps for memory, and may be preempted.
 * Return: 0, -ENOSYS for no view, or what the view says.
 */
int vt_view_write(struct vt_json *json, u32 view, const struct vt_view_args *args)
{
	u64 start = vt_host->clock_monotonic();
	int ret;

	if (view >= ARRAY_SIZE(views) || !views[view].make)
		return -ENOSYS;
	vt_json_string(json, "view", views[view].name);
	vt_json_u64(json, "time_ns", start);
	ret = views[view].make(json, args);
	vt_json_u64(json, "cost_ns", vt_host->clock_monotonic() - start);
	return ret;
}

static struct workqueue_struct *view_queue;

/**
 * struct view_work - a request that waits for its turn
 * @id:   the supervisor's number of the request
 * @path: @len bytes and a NUL
 */
struct view_work {
	struct work_struct work;
	u64 id;
	struct vt_view_of ask;
	u32 len;
	char path[];
};

static int view_args(const struct view_work *work, struct vt_view_args *args)
{
	*args = (struct vt_view_args){ .pid = work->ask.pid };
	if (!work->len)
		return 0;
	if (work->path[0] != '/' || strlen(work->path) != work->len)
		return -EINVAL;
	args->path = work->path;
	return 0;
}

static void view_run(struct work_struct *item)
{
	struct view_work *work = container_of(item, struct view_work, work);
	struct vt_view_args args;
	struct vt_json json;
	const char *text = NULL;
	u32 len = 0;
	long ret;

	ret = vt_json_init(&json, VT_VIEW_SIZE);
	if (!ret)
		ret = view_args(work, &args);
	if (!ret)
		ret = vt_view_write(&json, work->ask.view, &args);
	if (!ret)
		text = vt_json_finish(&json, &len);
	vt_host->request_done(work->id, ret, text, len);
	vt_json_free(&json);
	kvfree(work);
}

static long view_queue_up(const struct vt_request *req)
{
	const struct vt_view_of *ask = (const struct vt_view_of *)req->data;
	struct view_work *work;
	u32 len;

	if (req->len < sizeof(*ask))
		return -EINVAL;
	len = req->len - sizeof(*ask);
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	work = kvzalloc(struct_size(work, path, len + 1), GFP_KERNEL);
	if (!work)
		return -ENOMEM;
	work->id = req->id;
	work->ask = *ask;
	work->len = len;
	memcpy(work->path, ask + 1, len);
	INIT_WORK(&work->work, view_run);
	queue_work(view_queue, &work->work);
	return 0;
}

/**
 * vt_view_request() - Queue a VT_REQ_VIEW; it is answered later
 *
 * Context: the server.
 */
void vt_view_request(const struct vt_request *req)
{
	long ret = view_queue_up(req);

	if (ret)
		vt_host->request_done(req->id, ret, NULL, 0);
}

/**
 * vt_view_init() - Make the work queue
 */
int vt_view_init(void)
{
	view_queue = alloc_ordered_workqueue("vitrine-views", 0);
	return view_queue ? 0 : -ENOMEM;
}
