// SPDX-License-Identifier: GPL-2.0-only
/* virtio.c - virtio devices as the guest kernel's transport sees them
 *
 * Theory of operation
 * A device is an index into one array; its interrupt is VT_IRQ_VIRTIO + index. The five host
 * operations come from the guest kernel, so index, queue, offset, length and ring addresses are
 * checked here, once, and devices see only valid ones.
 *
 * A reset, and taking a queue away, wait until the device has given every request back. After that
 * no thread of ours touches the guest's buffers, which the guest may then reuse.
 *
 * Host system calls: futex; write for messages.
 */
#include "virtio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <string.h>

#include "engine/memory/memory.h"
#include "engine/vcpu/irq.h"
#include "lib/say.h"
#include "vitrine/util.h"

#define TRANSPORT_FEATURES                                                                         \
	(1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_RING_F_EVENT_IDX |                            \
	 1ULL << VIRTIO_RING_F_INDIRECT_DESC)

/* A hostile guest can provoke messages as often as it likes */
#define REPORTS_MAX 8

static struct {
	struct virtio_device *devices[VIRTIO_DEVICES_MAX];
	unsigned count;
} bus;

static struct virtio_device *device_at(vt_u32 index)
{
	return index < bus.count ? bus.devices[index] : NULL;
}

void virtio_report(struct virtio_device *dev, const char *format, ...)
{
	char line[512];
	va_list args;

	if (atomic_fetch_add(&dev->reports, 1) >= REPORTS_MAX)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	say("%s (virtio %u): %s", dev->ops->name, dev->index, line);
}

/* Wait until the device has given back every request of a queue; the lock is held */
static void queue_drain(struct virtio_queue *queue)
{
	while (queue->inflight)
		pthread_cond_wait(&queue->drained, &queue->lock);
}

static void queue_reset(struct virtio_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue_drain(queue);
	queue->size = 0;
	queue->desc = queue->avail = NULL;
	queue->used = NULL;
	queue->last_avail = queue->used_idx = queue->signalled = 0;
	queue->broken = false;
	pthread_mutex_unlock(&queue->lock);
}

static void device_reset(struct virtio_device *dev)
{
	unsigned i;

	for (i = 0; i < dev->ops->nqueues; i++)
		queue_reset(&dev->queues[i]);
	dev->status = 0;
	dev->accepted = 0;
	if (dev->ops->reset)
		dev->ops->reset(dev);
}

static int op_info(vt_u32 index, struct vt_virtio_info *info)
{
	struct virtio_device *dev = device_at(index);

	if (!dev)
		return -ENODEV;

	*info = (struct vt_virtio_info){
		.device_id = dev->ops->id,
		.nqueues = dev->ops->nqueues,
		.queue_size = VIRTIO_QUEUE_SIZE,
		.config_len = dev->ops->config_len,
		.features = dev->features | TRANSPORT_FEATURES,
	};
	return 0;
}

static void op_config(vt_u32 index, vt_u32 offset, void *buf, vt_u32 len, int write)
{
	struct virtio_device *dev = device_at(index);
	uint32_t config_len = dev ? dev->ops->config_len : 0;

	if (write)
		return; /* no device has a writable field */

	memset(buf, 0, len);
	if (!dev || !dev->ops->config_read || offset >= config_len)
		return;
	dev->ops->config_read(dev, offset, buf,
			      len < config_len - offset ? len : config_len - offset);
}

static void op_features(vt_u32 index, vt_u64 accepted)
{
	struct virtio_device *dev = device_at(index);

	/* What was not offered cannot be accepted */
	if (dev)
		dev->accepted = accepted & (dev->features | TRANSPORT_FEATURES);
}

static void op_status(vt_u32 index, vt_u32 status)
{
	struct virtio_device *dev = device_at(index);

	if (!dev)
		return;
	if (!status)
		device_reset(dev);
	dev->status = status;
}

static int op_queue(vt_u32 index, vt_u32 number, vt_u32 size, vt_u64 desc, vt_u64 avail,
		    vt_u64 used)
{
	struct virtio_device *dev = device_at(index);
	const void *desc_ptr, *avail_ptr;
	struct virtio_queue *queue;
	void *used_ptr;

	if (!dev || number >= dev->ops->nqueues)
		return -ENOENT;
	queue = &dev->queues[number];
	queue_reset(queue);
	if (!size)
		return 0;

	if (size > VIRTIO_QUEUE_SIZE || (size & (size - 1)))
		return -EINVAL;
	if (desc % VRING_DESC_ALIGN_SIZE || avail % VRING_AVAIL_ALIGN_SIZE ||
	    used % VRING_USED_ALIGN_SIZE)
		return -EINVAL;

	/* Each ring with the event index behind it */
	desc_ptr = phys_ptr(desc, size * sizeof(struct vring_desc));
	avail_ptr = phys_ptr(avail, sizeof(struct vring_avail) + (size + 1) * sizeof(uint16_t));
	used_ptr = phys_ptr(used, sizeof(struct vring_used) +
				      size * sizeof(struct vring_used_elem) + sizeof(uint16_t));
	if (!desc_ptr || !avail_ptr || !used_ptr)
		return -EFAULT;

	pthread_mutex_lock(&queue->lock);
	queue->desc = desc_ptr;
	queue->avail = avail_ptr;
	queue->used = used_ptr;
	queue->size = size;
	pthread_mutex_unlock(&queue->lock);
	return 0;
}

static void op_notify(vt_u32 index, vt_u32 number)
{
	struct virtio_device *dev = device_at(index);

	if (!dev || number >= dev->ops->nqueues || !(dev->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	irq_asked(VT_IRQ_VIRTIO + index);
	/* two vCPUs can ring at once, and each takes what is there */
	pthread_mutex_lock(&dev->queues[number].notified);
	dev->ops->notify(dev, &dev->queues[number]);
	pthread_mutex_unlock(&dev->queues[number].notified);
}

void virtio_ops_fill(struct vt_host_ops *ops)
{
	ops->virtio_info = op_info;
	ops->virtio_config = op_config;
	ops->virtio_features = op_features;
	ops->virtio_status = op_status;
	ops->virtio_queue = op_queue;
	ops->virtio_notify = op_notify;
}

/* ---- pauses ---- */

void virtio_quiesce(void)
{
	for (unsigned i = 0; i < bus.count; i++) {
		for (unsigned q = 0; q < bus.devices[i]->ops->nqueues; q++) {
			struct virtio_queue *queue = &bus.devices[i]->queues[q];

			pthread_mutex_lock(&queue->lock);
			queue_drain(queue);
			pthread_mutex_unlock(&queue->lock);
		}
	}
}

static uint64_t physical(const volatile void *ptr)
{
	return ptr ? (uint64_t)ptr - VT_PAGE_OFFSET : 0;
}

unsigned virtio_save(struct virtio_saved saved[VIRTIO_DEVICES_MAX])
{
	memset(saved, 0, VIRTIO_DEVICES_MAX * sizeof(*saved));
	for (unsigned i = 0; i < bus.count; i++) {
		const struct virtio_device *dev = bus.devices[i];

		saved[i].id = dev->ops->id;
		saved[i].status = dev->status;
		saved[i].accepted = dev->accepted;
		for (unsigned q = 0; q < dev->ops->nqueues; q++) {
			const struct virtio_queue *queue = &dev->queues[q];

			saved[i].queues[q] = (struct virtio_saved_queue){
				.desc = physical(queue->desc),
				.avail = physical(queue->avail),
				.used = physical(queue->used),
				.size = queue->size,
				.last_avail = queue->last_avail,
				.used_idx = queue->used_idx,
				.signalled = queue->signalled,
				.broken = queue->broken,
			};
		}
	}
	return bus.count;
}

static int queue_restore(struct virtio_device *dev, unsigned number,
			 const struct virtio_saved_queue *saved)
{
	struct virtio_queue *queue = &dev->queues[number];

	if (op_queue(dev->index, number, saved->size, saved->desc, saved->avail, saved->used))
		return -1;
	queue->last_avail = saved->last_avail;
	queue->used_idx = saved->used_idx;
	queue->signalled = saved->signalled;
	queue->broken = saved->broken;
	return 0;
}

int virtio_restore(const struct virtio_saved *saved, unsigned count, struct error *err)
{
	for (unsigned i = 0; i < bus.count && i < count; i++) {
		struct virtio_device *dev = bus.devices[i];
		bool same = saved[i].id == dev->ops->id &&
			    !(saved[i].accepted & ~(dev->features | TRANSPORT_FEATURES));

		for (unsigned q = 0; same && q < dev->ops->nqueues; q++)
			same = !queue_restore(dev, q, &saved[i].queues[q]);
		if (!same)
			return error_set(err, 0, "the paused sandbox had another %s than this one",
					 dev->ops->name);
		dev->accepted = saved[i].accepted;
		dev->status = saved[i].status;
	}
	if (bus.count != count)
		return error_set(err, 0, "the paused sandbox had %u devices, this one has %u",
				 count, bus.count);
	return 0;
}

static void queues_free(struct virtio_device *dev)
{
	unsigned i;

	for (i = 0; i < dev->ops->nqueues; i++) {
		pthread_cond_destroy(&dev->queues[i].drained);
		pthread_mutex_destroy(&dev->queues[i].lock);
		pthread_mutex_destroy(&dev->queues[i].notified);
		free(dev->queues[i].requests);
	}
}

int virtio_register(struct virtio_device *dev, struct error *err)
{
	const struct virtio_ops *ops = dev->ops;
	bool failed = false;
	unsigned i;

	assert(ops->nqueues >= 1 && ops->nqueues <= VIRTIO_QUEUES_MAX);
	assert(ops->request_size >= sizeof(struct virtio_request));
	if (bus.count == VIRTIO_DEVICES_MAX)
		return error_set(err, 0, "more than %d virtio devices", VIRTIO_DEVICES_MAX);

	for (i = 0; i < ops->nqueues; i++) {
		struct virtio_queue *queue = &dev->queues[i];

		queue->dev = dev;
		queue->index = i;
		pthread_mutex_init(&queue->lock, NULL);
		pthread_mutex_init(&queue->notified, NULL);
		pthread_cond_init(&queue->drained, NULL);
		queue->requests = calloc(VIRTIO_QUEUE_SIZE, ops->request_size);
		failed |= !queue->requests;
	}
	if (failed) {
		queues_free(dev);
		return error_set(err, ENOMEM, "cannot create the virtio device %s", ops->name);
	}

	dev->index = bus.count;
	bus.devices[bus.count++] = dev;
	return 0;
}

void virtio_unregister_all(void)
{
	while (bus.count) {
		struct virtio_device *dev = bus.devices[--bus.count];

		device_reset(dev);
		queues_free(dev);
		bus.devices[bus.count] = NULL;
		dev->ops->release(dev);
	}
}
