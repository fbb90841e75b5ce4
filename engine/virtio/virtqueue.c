// SPDX-License-Identifier: GPL-2.0-only
/* virtqueue.c - the device side of split rings (virtio 1.2, sections 2.7.4 to 2.7.10)
 *
 * Theory of operation
 * The driver writes the available ring and the descriptors, we write the used ring. All three lie
 * in memory that the guest can change at any instant, so the rule is: every value is read exactly
 * once into a local variable, checked there, and the checked copy is what is used. chain_read() is
 * the only place that turns guest descriptors into host pointers. A ring that breaks the protocol
 * cannot be trusted to be in any state, so it is stopped until the driver resets the device.
 *
 * Requests live in an array indexed by the chain's head. A head that is made available again while
 * the device still works on it would be two owners of one request; it stops the ring too.
 *
 * Both sides suppress notifications with event indexes (VIRTIO_RING_F_EVENT_IDX): "tell me when you
 * pass this entry". The full barriers are the store-load ones that the scheme needs: publish my
 * index, then look at the other's wish (or the reverse).
 *
 * Host system calls: futex; write for the one line about a broken ring.
 */
#include "virtio.h"

#include <inttypes.h>
#include <linux/virtio_ring.h>

#include "engine/vcpu/irq.h"
#include "engine/memory/base.h"
#include "engine/memory/memory.h"
#include "vitrine/util.h"

/* Exactly one read of a value that the guest may be changing */
#define READ_GUEST(x) (*(const volatile __typeof__(x) *)&(x))

static struct virtio_request *request_at(struct virtio_queue *queue, uint16_t head)
{
	return (void *)(queue->requests + (size_t)head * queue->dev->ops->request_size);
}

static const struct vring_avail *avail_ring(const struct virtio_queue *queue)
{
	return (const struct vring_avail *)queue->avail;
}

static struct vring_used *used_ring(const struct virtio_queue *queue)
{
	return (struct vring_used *)queue->used;
}

/* The event indexes sit behind the rings: the driver's wish and ours */
static uint16_t used_event(const struct virtio_queue *queue)
{
	return READ_GUEST(avail_ring(queue)->ring[queue->size]);
}

static void set_avail_event(struct virtio_queue *queue, uint16_t index)
{
	*(volatile uint16_t *)&used_ring(queue)->ring[queue->size] = index;
}

static bool has_feature(const struct virtio_queue *queue, unsigned bit)
{
	return queue->dev->accepted & (1ULL << bit);
}

static void *ring_break(struct virtio_queue *queue, const char *why)
{
	queue->broken = true;
	virtio_report(queue->dev, "queue %u: the guest's ring is malformed (%s); stopped",
		      queue->index, why);
	return NULL;
}

/* One more buffer; NULL when it is fine, or what is wrong with it */
static const char *chain_add(struct virtio_request *req, const struct vring_desc *d)
{
	bool in = d->flags & VRING_DESC_F_WRITE;
	void *base;

	if (!in && req->nin)
		return "readable buffer behind a writable one";
	if (!d->len)
		return NULL;
	if (req->nout + req->nin == VIRTIO_SEGMENTS_MAX)
		return "too many buffers";
	base = phys_ptr(d->addr, d->len);
	if (!base)
		return "buffer outside of memory";
	if (in) /* the host may write there */
		base_own(d->addr, d->len);

	req->iov[req->nout + req->nin] = (struct iovec){ .iov_base = base, .iov_len = d->len };
	if (in) {
		req->nin++;
		req->in_len += d->len;
	} else {
		req->nout++;
		req->out_len += d->len;
	}
	return NULL;
}

/* Follow the chain from req->head; NULL when it is well-formed, or what is wrong with it */
static const char *chain_read(struct virtio_queue *queue, struct virtio_request *req)
{
	const struct vring_desc *table = (const struct vring_desc *)queue->desc;
	uint32_t count = queue->size, i = req->head, steps;
	bool indirect = false;
	struct vring_desc d;
	const char *why;

	for (steps = 0; steps < count; steps++) {
		if (i >= count)
			return "descriptor index out of range";
		d.addr = READ_GUEST(table[i].addr);
		d.len = READ_GUEST(table[i].len);
		d.flags = READ_GUEST(table[i].flags);
		d.next = READ_GUEST(table[i].next);

		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (indirect || !has_feature(queue, VIRTIO_RING_F_INDIRECT_DESC) ||
			    (d.flags & VRING_DESC_F_NEXT))
				return "misplaced indirect descriptor";
			count = d.len / sizeof(d);
			if (d.len % sizeof(d) || !count || count > 65536)
				return "bad size of an indirect table";
			table = phys_ptr(d.addr, d.len);
			if (!table)
				return "indirect table outside of memory";
			indirect = true;
			i = 0;
			steps = UINT32_MAX; /* 0 after the increment */
			continue;
		}

		why = chain_add(req, &d);
		if (why)
			return why;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return NULL;
		i = d.next;
	}
	return "endless chain";
}

/* The number of chains that wait, or -1 when the driver's index makes no sense */
static int available(struct virtio_queue *queue)
{
	uint16_t idx = __atomic_load_n(&avail_ring(queue)->idx, __ATOMIC_ACQUIRE);
	uint16_t waiting = idx - queue->last_avail;

	return waiting > queue->size ? -1 : waiting;
}

static int available_or_arm(struct virtio_queue *queue)
{
	int waiting = available(queue);

	if (waiting || !has_feature(queue, VIRTIO_RING_F_EVENT_IDX))
		return waiting;

	set_avail_event(queue, queue->last_avail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return available(queue);
}

static struct virtio_request *pop_locked(struct virtio_queue *queue)
{
	struct virtio_request *req;
	const char *why;
	uint16_t head;
	int waiting;

	if (queue->broken || !queue->size)
		return NULL;

	waiting = available_or_arm(queue);
	if (waiting < 0)
		return ring_break(queue, "available index runs ahead");
	if (!waiting)
		return NULL;

	head = READ_GUEST(avail_ring(queue)->ring[queue->last_avail & (queue->size - 1)]);
	if (head >= queue->size)
		return ring_break(queue, "head out of range");
	req = request_at(queue, head);
	if (req->busy)
		return ring_break(queue, "request made available twice");

	req->queue = queue;
	req->head = head;
	req->nout = req->nin = 0;
	req->out_len = req->in_len = 0;
	why = chain_read(queue, req);
	if (why)
		return ring_break(queue, why);

	queue->last_avail++;
	queue->inflight++;
	req->busy = true;
	return req;
}

struct virtio_request *virtio_pop(struct virtio_queue *queue)
{
	struct virtio_request *req;

	pthread_mutex_lock(&queue->lock);
	req = pop_locked(queue);
	pthread_mutex_unlock(&queue->lock);
	return req;
}

void virtio_unpop(struct virtio_request *req)
{
	struct virtio_queue *queue = req->queue;

	pthread_mutex_lock(&queue->lock);
	queue->last_avail--;
	req->busy = false;
	if (!--queue->inflight)
		pthread_cond_broadcast(&queue->drained);
	pthread_mutex_unlock(&queue->lock);
}

/* The driver sees it when the ring's index says so */
static void put_used(struct virtio_request *req, uint32_t written)
{
	struct virtio_queue *queue = req->queue;
	struct vring_used *used = used_ring(queue);
	volatile struct vring_used_elem *elem = &used->ring[queue->used_idx & (queue->size - 1)];

	elem->id = req->head;
	elem->len = written;
	queue->used_idx++;
	req->busy = false;
	queue->inflight--;
}

static void publish_used(struct virtio_queue *queue)
{
	__atomic_store_n(&used_ring(queue)->idx, queue->used_idx, __ATOMIC_RELEASE);
	if (!queue->inflight)
		pthread_cond_broadcast(&queue->drained);
}

static void push_locked(struct virtio_request *req, uint32_t written)
{
	struct virtio_queue *queue = req->queue;

	put_used(req, written);
	publish_used(queue);
}

static void signal_locked(struct virtio_queue *queue)
{
	uint16_t old = queue->signalled, now = queue->used_idx;
	bool wanted;

	if (!queue->size || old == now)
		return;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (has_feature(queue, VIRTIO_RING_F_EVENT_IDX))
		wanted = vring_need_event(used_event(queue), now, old);
	else
		wanted = !(READ_GUEST(avail_ring(queue)->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	queue->signalled = now;

	if (wanted)
		irq_raise(VT_IRQ_VIRTIO + queue->dev->index);
}

void virtio_push(struct virtio_request *req, uint32_t written)
{
	struct virtio_queue *queue = req->queue;

	pthread_mutex_lock(&queue->lock);
	push_locked(req, written);
	pthread_mutex_unlock(&queue->lock);
}

void virtio_push_together(struct virtio_request **reqs, const uint32_t *written, unsigned count)
{
	struct virtio_queue *queue = reqs[0]->queue;

	pthread_mutex_lock(&queue->lock);
	for (unsigned i = 0; i < count; i++)
		put_used(reqs[i], written[i]);
	publish_used(queue);
	pthread_mutex_unlock(&queue->lock);
}

void virtio_signal(struct virtio_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	signal_locked(queue);
	pthread_mutex_unlock(&queue->lock);
}

void virtio_complete(struct virtio_request *req, uint32_t written)
{
	struct virtio_queue *queue = req->queue;

	pthread_mutex_lock(&queue->lock);
	push_locked(req, written);
	signal_locked(queue);
	pthread_mutex_unlock(&queue->lock);
}
