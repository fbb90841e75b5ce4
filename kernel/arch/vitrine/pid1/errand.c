// SPDX-License-Identifier: GPL-2.0-only
/* errand.c - requests that a guest can delay
 *
 * Theory of operation
 * The server never does what may have to wait for a guest: a file system can be a program (fuse),
 * frozen, or on a disk that does not answer, and most locks of the kernel are held by somebody who
 * copies to or from memory that such a file system backs. These requests are errands: a thread of
 * the work queue runs each with a copy of its data, and answers.
 *
 * The supervisor gives up on an answer that takes too long; the thread ends when the guest lets it.
 * There are at most ERRANDS_MAX. The supervisor has at most CONTROL_CLIENTS (engine/control) of
 * them in progress that it waits for, so what is refused for their number is only ever refused
 * because a guest holds the others.
 */
#include <linux/atomic.h>
#include <linux/slab.h>
#include "job.h"

#define ERRANDS_MAX 96

static struct workqueue_struct *errands;
static atomic_t running;

static void errand_work(struct work_struct *work)
{
	struct vt_errand *errand = container_of(work, struct vt_errand, work);
	long ret = errand->run(errand);

	vt_host->request_done(errand->req.id, ret, errand->reply, ret < 0 ? 0 : errand->reply_len);
	kvfree(errand->reply);
	kvfree(errand);
	atomic_dec(&running);
}

/**
 * vt_errand_start() - Let a thread answer a request
 * @req: its data is copied
 * @run: makes the answer's value
 *
 * Context: the server.
 */
void vt_errand_start(const struct vt_request *req, vt_errand_run *run)
{
	struct vt_errand *errand;

	if (atomic_read(&running) >= ERRANDS_MAX) {
		vt_host->request_done(req->id, -ENOBUFS, NULL, 0);
		return;
	}
	errand = kvzalloc(struct_size(errand, data, req->len + 1), GFP_KERNEL);
	if (!errand) {
		vt_host->request_done(req->id, -ENOMEM, NULL, 0);
		return;
	}
	memcpy(errand->data, req->data, req->len);
	errand->req = *req;
	errand->req.data = errand->data;
	errand->run = run;
	atomic_inc(&running);
	INIT_WORK(&errand->work, errand_work);
	queue_work(errands, &errand->work);
}

/**
 * vt_errand_init() - Make the work queue
 */
int vt_errand_init(void)
{
	errands = alloc_workqueue("vitrine-errands", WQ_UNBOUND, ERRANDS_MAX);
	return errands ? 0 : -ENOMEM;
}
