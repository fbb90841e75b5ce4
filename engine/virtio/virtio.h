/* SPDX-License-Identifier: GPL-2.0-only */
/* virtio.h - the device side of virtio: rings, requests, registration
 *
 * A device is a struct virtio_device with a table of operations, and one line in devices.c.
 */
#ifndef ENGINE_VIRTIO_VIRTIO_H
#define ENGINE_VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vitrine/abi.h"
#include "vitrine/error.h"
#include "engine/sandbox.h"

#define VIRTIO_DEVICES_MAX (VT_IRQ_COUNT - VT_IRQ_VIRTIO)
#define VIRTIO_QUEUES_MAX 4
#define VIRTIO_QUEUE_SIZE 256	 /* largest ring that a driver may use; a power of two */
#define VIRTIO_SEGMENTS_MAX 128U /* buffers in one request, of both directions */

struct virtio_device;
struct virtio_queue;

/**
 * struct virtio_request - one descriptor chain that the driver has made available
 * @queue:   where it came from
 * @nout:    buffers that the driver has filled, @iov[0] and up
 * @nin:     buffers that the device fills, @iov[nout] and up
 * @out_len: bytes in the former
 * @in_len:  bytes in the latter
 * @head:    the chain's name in the rings
 * @busy:    the device has it; guarded by the queue's lock
 * @iov:     private to the owner of the request, who may change it. Every buffer lies in physical
 *           memory and none is empty, but the guest can change its *contents* at any time.
 */
struct virtio_request {
	struct virtio_queue *queue;
	unsigned nout, nin;
	uint64_t out_len, in_len;
	uint16_t head;
	bool busy;
	struct iovec iov[VIRTIO_SEGMENTS_MAX];
};

/**
 * struct virtio_queue - one split ring and its requests
 * @lock:     guards everything below
 * @drained:  signalled when @inflight falls to 0
 * @requests: VIRTIO_QUEUE_SIZE times ops->request_size bytes, indexed by head
 */
struct virtio_queue {
	struct virtio_device *dev;
	unsigned index;
	pthread_mutex_t lock, notified;
	pthread_cond_t drained;
	unsigned inflight;
	unsigned char *requests;

	uint16_t size; /* 0 when the driver has not set it up */
	uint16_t last_avail, used_idx, signalled;
	bool broken;
	const volatile void *desc, *avail;
	volatile void *used;
};

/**
 * struct virtio_ops - what makes a device
 * @name:         for messages
 * @id:           VIRTIO_ID_*
 * @nqueues:      1..VIRTIO_QUEUES_MAX
 * @request_size: size of the device's own request, which begins with a struct virtio_request
 * @notify:       doorbell, on the vCPU thread with 16 KiB of stack: take requests with virtio_pop()
 * @config_read:  fill a part of the configuration space; the rest of @buf is zero already
 * @reset:        the driver has reset the device; no request is in flight
 * @release:      free the device; no request is in flight. Persistent state is synced before.
 */
struct virtio_ops {
	const char *name;
	uint32_t id, nqueues;
	size_t request_size;
	uint32_t config_len;
	void (*notify)(struct virtio_device *dev, struct virtio_queue *queue);
	void (*config_read)(struct virtio_device *dev, uint32_t offset, void *buf, uint32_t len);
	void (*reset)(struct virtio_device *dev);
	void (*release)(struct virtio_device *dev);
};

struct virtio_device {
	const struct virtio_ops *ops;
	uint64_t features; /* of the device; the core adds those of the transport */
	unsigned index;
	uint64_t accepted;
	uint32_t status;
	atomic_uint reports;
	struct virtio_queue queues[VIRTIO_QUEUES_MAX];
};

/**
 * virtio_register() - Give a device the next free index
 * @dev: @ops and @features filled, the rest zero; owned by the core on success
 * @err: set only on failure
 */
int virtio_register(struct virtio_device *dev, struct error *err);

/**
 * virtio_unregister_all() - Wait for all requests and release every device
 */
void virtio_unregister_all(void);

/**
 * virtio_pop() - Take the next request off a queue
 * @queue: any of the device's
 *
 * When the ring is empty the driver is asked to ring the doorbell again. A chain that is malformed
 * stops the queue for good (until a reset) with one line on stderr.
 *
 * Return: a request that virtio_push() must give back, or NULL when there is none.
 */
struct virtio_request *virtio_pop(struct virtio_queue *queue);

/**
 * virtio_unpop() - Put the request that was popped last back, as if it had never been
 * @req: not to be touched afterwards
 *
 * Several are put back in the reverse order; nobody else may pop from that queue meanwhile. The
 * driver rings the doorbell again when it makes one more available.
 */
void virtio_unpop(struct virtio_request *req);

/**
 * virtio_push() - Give a request back as used
 * @req:     not to be touched afterwards
 * @written: bytes written to the buffers of the driver, from the first on
 */
void virtio_push(struct virtio_request *req, uint32_t written);

/**
 * virtio_push_together() - Give back several requests of one queue that are one to the driver
 * @reqs:    not to be touched afterwards; at least one
 * @written: bytes written to each
 *
 * The driver sees all of them or none.
 */
void virtio_push_together(struct virtio_request **reqs, const uint32_t *written, unsigned count);

/**
 * virtio_signal() - Interrupt the driver if it wants to know of what was pushed
 * @queue: any thread may call it, after one or many virtio_push()
 */
void virtio_signal(struct virtio_queue *queue);

/**
 * virtio_complete() - virtio_push() and virtio_signal() in one, for use by other threads
 * @req:     not to be touched afterwards
 * @written: bytes written to the buffers of the driver
 */
void virtio_complete(struct virtio_request *req, uint32_t written);

/**
 * virtio_report() - One line on stderr about a device, the first few times
 */
void virtio_report(struct virtio_device *dev, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * virtio_ops_fill() - Set the virtio_* host operations
 * @ops: table that is given to the guest kernel
 */
void virtio_ops_fill(struct vt_host_ops *ops);

/**
 * struct virtio_saved - what the driver knows of a device, and the device of the driver
 *
 * All of it comes from a file when it is restored, and may be anything.
 */
struct virtio_saved {
	uint32_t id, status;
	uint64_t accepted;
	struct virtio_saved_queue {
		uint64_t desc, avail, used; /* physical addresses */
		uint16_t size, last_avail, used_idx, signalled;
		uint32_t broken, pad;
	} queues[VIRTIO_QUEUES_MAX];
};

/**
 * virtio_quiesce() - Wait until no request is in flight
 *
 * The guest kernel must not run, so that there are no new ones.
 */
void virtio_quiesce(void);

/**
 * virtio_save() - The state of all devices, while no request is in flight
 *
 * Return: their number.
 */
unsigned virtio_save(struct virtio_saved saved[VIRTIO_DEVICES_MAX]);

/**
 * virtio_restore() - Give the devices the state of a sandbox that was paused
 * @saved: @count of them; checked as what a driver says is
 *
 * Return: 0, or -1 when these are not the same devices.
 */
int virtio_restore(const struct virtio_saved *saved, unsigned count, struct error *err);

/* devices.c */

/**
 * virtio_init() - Create the devices of a sandbox
 * @config: disks in the order of their names in the guest (vda, vdb, ...)
 * @err:    set only on failure
 *
 * Opens and locks the images, starts the I/O threads. To be called once, before any host operation.
 *
 * Return: 0, or -1 with nothing left open.
 */
int virtio_init(const struct sandbox_config *config, struct error *err);

/**
 * virtio_shutdown() - Finish what the devices are doing, sync the disks, close everything
 *
 * The guest kernel must not run any more. May be called when virtio_init() failed or was not
 * called.
 */
void virtio_shutdown(void);

#endif
