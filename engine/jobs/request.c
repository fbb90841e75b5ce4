// SPDX-License-Identifier: GPL-2.0-only
/* request.c - the queue behind request_next() and request_done()
 *
 * Theory of operation
 * A request is on one of two lists: queued until the guest kernel fetches it, then sent until it is
 * answered, in any order. VT_IRQ_REQUEST tells the kernel that there is something to fetch. The
 * answer is stored in the request, or given to a callback on the vCPU thread.
 *
 * Whoever waits may give up. The request then stays with the kernel, which is told that nobody
 * wants the answer any more when it has one.
 *
 * The number of requests in flight is bounded by the callers: a control connection has one. Those
 * that were given up are bounded by the kernel (errand.c there).
 *
 * Host system calls: futex, poll.
 */
#include "request.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "lib/clock.h"
#include "engine/vcpu/irq.h"
#include "vitrine/util.h"

#define STALLED_AFTER_NS (3 * NS_PER_SECOND)
#define LOOK_AT_PEER_NS (NS_PER_SECOND / 2) /* between two looks whether it is there */

struct request {
	struct request *next;
	uint64_t id;
	uint64_t queued_ns; /* monotonic */
	enum vt_request_kind kind;
	void (*done)(void *ctx, int64_t value);
	void *ctx;
	struct reply *reply; /* of a waiting caller, who also frees the request; or NULL */
	bool answered, abandoned;
	size_t len;
	uint8_t data[];
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

static struct request *request_new(const struct question *question)
{
	struct request *req = calloc(1, sizeof(*req) + question->head_len + question->rest_len);

	if (!req)
		return NULL;
	req->kind = question->kind;
	req->len = question->head_len + question->rest_len;
	if (question->head_len)
		memcpy(req->data, question->head, question->head_len);
	if (question->rest_len)
		memcpy(req->data + question->head_len, question->rest, question->rest_len);
	return req;
}

static bool too_long(const struct question *question)
{
	return question->head_len > VT_REQ_DATA_MAX ||
	       question->rest_len > VT_REQ_DATA_MAX - question->head_len;
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

int request_post(const struct question *question, void (*done)(void *ctx, int64_t value), void *ctx)
{
	struct request *req;
	int ret;

	if (too_long(question))
		return -E2BIG;
	req = request_new(question);
	if (!req)
		return -ENOMEM;
	req->done = done;
	req->ctx = ctx;
	pthread_mutex_lock(&lock);
	ret = request_queue(req);
	pthread_mutex_unlock(&lock);
	if (ret)
		free(req);
	return ret;
}

static bool peer_gone(int peer)
{
	struct pollfd fd = { .fd = peer, .events = POLLRDHUP };

	return peer >= 0 && poll(&fd, 1, 0) > 0 && fd.revents;
}

/* With the lock held. Return: 0 when the answer is there, or why it is not waited for any longer */
static int wait_for_answer(struct request *req, const struct patience *patience)
{
	const uint64_t end = clock_now_ns() + patience->seconds * NS_PER_SECOND;

	while (!req->answered) {
		uint64_t now = clock_now_ns(), next = end;
		struct timespec until;

		if (now >= end)
			return -ETIMEDOUT;
		if (peer_gone(patience->peer))
			return -ECANCELED;
		if (patience->peer >= 0 && end - now > LOOK_AT_PEER_NS)
			next = now + LOOK_AT_PEER_NS;
		until = clock_timespec(next);
		pthread_cond_clockwait(&answered, &lock, CLOCK_MONOTONIC, &until);
	}
	return 0;
}

/* With the lock held: nobody waits any more. True: it is the caller's to free again */
static bool request_abandon(struct request *req)
{
	req->reply = NULL;
	req->abandoned = true;
	return list_take(&queued, req->id);
}

int64_t request_call(const struct question *question, const struct patience *patience,
		     struct reply *reply)
{
	bool mine = true;
	struct request *req;
	int ret;

	*reply = (struct reply){ .value = -ENOMEM };
	if (too_long(question))
		return reply->value = -E2BIG;
	req = request_new(question);
	if (!req)
		return reply->value;
	req->reply = reply;
	pthread_mutex_lock(&lock);
	ret = request_queue(req);
	if (!ret) {
		ret = wait_for_answer(req, patience);
		if (ret)
			mine = request_abandon(req);
	}
	if (ret)
		reply->value = ret;
	pthread_mutex_unlock(&lock);
	if (mine)
		free(req);
	return reply->value;
}

/* With the lock held: @req is on no list */
static void request_answer(struct request *req, int64_t value, const void *data, size_t len)
{
	if (!req->reply) {
		if (req->done)
			req->done(req->ctx, value);
		free(req);
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

uint64_t request_numbers(uint64_t from)
{
	uint64_t number;

	pthread_mutex_lock(&lock);
	if (from > last_id)
		last_id = from;
	number = last_id;
	pthread_mutex_unlock(&lock);
	return number;
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
		memcpy(out->data, req->data, req->len);
		list_append(&sent, req);
	}
	pthread_mutex_unlock(&lock);
	return req != NULL;
}

static int op_done(vt_u64 id, vt_s64 value, const void *data, vt_u32 len)
{
	struct request *req;
	bool wanted = false;

	pthread_mutex_lock(&lock);
	req = list_take(&sent, id);
	if (req) {
		wanted = !req->abandoned;
		request_answer(req, value, data, len);
	}
	pthread_mutex_unlock(&lock);
	return wanted;
}

void request_ops_fill(struct vt_host_ops *ops)
{
	ops->request_next = op_next;
	ops->request_done = op_done;
}
