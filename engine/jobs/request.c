// SPDX-License-Identifier: GPL-2.0-only
/* request.c - the queue behind request_next() and request_done()
 *
 * Theory of operation
 * A request is on one of two lists: queued until the guest kernel fetches it, then sent until it is
 * answered, in any order. VT_IRQ_REQUEST tells pid 1 that there is something to fetch. The answer
 * is stored in the request, or given to a callback on the vCPU thread.
 *
 * The number of requests in flight is bounded by the callers: a control connection has one.
 *
 * Host system calls: futex.
 */
#include "request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/clock.h"
#include "engine/vcpu/irq.h"
#include "vitrine/util.h"

#define STALLED_AFTER_NS (3 * NS_PER_SECOND)

struct request {
	struct request *next;
	uint64_t id;
	uint64_t queued_ns; /* monotonic */
	enum vt_request_kind kind;
	uint64_t args[4];
	void *data;
	size_t len;
	void (*done)(void *ctx, int64_t value);
	void *ctx;
	struct reply *reply; /* of a waiting caller, who also frees the request; or NULL */
	bool answered;
};

struct request_list {
	struct request *first, **end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static struct request_list queued = { .end = &queued.first };
static struct request_list sent = { .end = &sent.first };
static uint64_t last_id;
static bool stopped;

static void list_append(struct request_list *list, struct request *req)
{
	req->next = NULL;
	*list->end = req;
	list->end = &req->next;
}

/* Take out the request with this id, or the first one with id 0 */
static struct request *list_take(struct request_list *list, uint64_t id)
{
	for (struct request **at = &list->first; *at; at = &(*at)->next) {
		struct request *req = *at;

		if (id && req->id != id)
			continue;
		*at = req->next;
		if (list->end == &req->next)
			list->end = at;
		return req;
	}
	return NULL;
}

static void request_free(struct request *req)
{
	free(req->data);
	free(req);
}

static struct request *request_new(enum vt_request_kind kind, const uint64_t args[4],
				   const void *data, size_t len)
{
	struct request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->kind = kind;
	memcpy(req->args, args, sizeof(req->args));
	req->len = len;
	if (len) {
		req->data = malloc(len);
		if (!req->data) {
			free(req);
			return NULL;
		}
		memcpy(req->data, data, len);
	}
	return req;
}

/* With the lock held */
static int request_queue(struct request *req)
{
	if (stopped)
		return -ESHUTDOWN;
	req->id = ++last_id;
	req->queued_ns = clock_now_ns();
	list_append(&queued, req);
	irq_raise(VT_IRQ_REQUEST);
	return 0;
}

int request_post(enum vt_request_kind kind, const uint64_t args[4], const void *data, size_t len,
		 void (*done)(void *ctx, int64_t value), void *ctx)
{
	struct request *req;
	int ret;

	if (len > VT_REQ_DATA_MAX)
		return -E2BIG;
	req = request_new(kind, args, data, len);
	if (!req)
		return -ENOMEM;
	req->done = done;
	req->ctx = ctx;
	pthread_mutex_lock(&lock);
	ret = request_queue(req);
	pthread_mutex_unlock(&lock);
	if (ret)
		request_free(req);
	return ret;
}

/* With the lock held. False: @until, on the monotonic clock, came first; NULL: there is no end */
static bool wait_for_answer(struct request *req, const struct timespec *until)
{
	int ret = 0;

	while (!req->answered && !ret)
		ret = until ? pthread_cond_clockwait(&answered, &lock, CLOCK_MONOTONIC, until)
			    : pthread_cond_wait(&answered, &lock);
	return req->answered;
}

/* With the lock held: nobody waits any more. True: it is the caller's to free again */
static bool request_abandon(struct request *req)
{
	req->reply->value = -ETIMEDOUT;
	req->reply = NULL;
	return list_take(&queued, req->id);
}

static int64_t call_until(enum vt_request_kind kind, const uint64_t args[4], const void *data,
			  size_t len, const struct timespec *until, struct reply *reply)
{
	bool mine = true;
	struct request *req;
	int ret;

	*reply = (struct reply){ .value = -ENOMEM };
	if (len > VT_REQ_DATA_MAX)
		return reply->value = -E2BIG;
	req = request_new(kind, args, data, len);
	if (!req)
		return reply->value;
	req->reply = reply;
	pthread_mutex_lock(&lock);
	ret = request_queue(req);
	if (ret)
		reply->value = ret;
	else if (!wait_for_answer(req, until))
		mine = request_abandon(req);
	pthread_mutex_unlock(&lock);
	if (mine)
		request_free(req);
	return reply->value;
}

int64_t request_call(enum vt_request_kind kind, const uint64_t args[4], const void *data,
		     size_t len, struct reply *reply)
{
	return call_until(kind, args, data, len, NULL, reply);
}

int64_t request_call_within(enum vt_request_kind kind, const uint64_t args[4], const void *data,
			    size_t len, unsigned seconds, struct reply *reply)
{
	const struct timespec until = clock_deadline(seconds * 1000ULL);

	return call_until(kind, args, data, len, &until, reply);
}

/* With the lock held: @req is on no list */
static void request_answer(struct request *req, int64_t value, const void *data, size_t len)
{
	if (!req->reply) {
		if (req->done)
			req->done(req->ctx, value);
		request_free(req);
		return;
	}
	req->reply->value = value;
	if (len) {
		req->reply->data = malloc(len);
		if (req->reply->data) {
			memcpy(req->reply->data, data, len);
			req->reply->len = len;
		} else {
			req->reply->value = -ENOMEM;
		}
	}
	req->answered = true;
	pthread_cond_broadcast(&answered);
}

bool request_stalled(void)
{
	bool stalled;

	pthread_mutex_lock(&lock);
	stalled = queued.first && clock_now_ns() - queued.first->queued_ns > STALLED_AFTER_NS;
	pthread_mutex_unlock(&lock);
	return stalled;
}

void request_stop(void)
{
	struct request *req;

	pthread_mutex_lock(&lock);
	stopped = true;
	while ((req = list_take(&queued, 0)) || (req = list_take(&sent, 0)))
		request_answer(req, -ESHUTDOWN, NULL, 0);
	pthread_mutex_unlock(&lock);
}

static int op_next(struct vt_request *out)
{
	struct request *req;

	pthread_mutex_lock(&lock);
	req = list_take(&queued, 0);
	if (req) {
		out->id = req->id;
		out->kind = req->kind;
		out->len = req->len;
		memcpy(out->args, req->args, sizeof(out->args));
		if (req->len)
			memcpy(out->data, req->data, req->len);
		list_append(&sent, req);
	}
	pthread_mutex_unlock(&lock);
	return req != NULL;
}

static void op_done(vt_u64 id, vt_s64 value, const void *data, vt_u32 len)
{
	struct request *req;

	pthread_mutex_lock(&lock);
	req = list_take(&sent, id);
	if (req)
		request_answer(req, value, data, len);
	pthread_mutex_unlock(&lock);
}

void request_ops_fill(struct vt_host_ops *ops)
{
	ops->request_next = op_next;
	ops->request_done = op_done;
}
