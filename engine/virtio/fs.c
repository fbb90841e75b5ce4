// SPDX-License-Identifier: GPL-2.0-only
/* fs.c - the virtio file system device (virtio 1.2, section 5.11)
 *
 * Theory of operation
 * Requests are FUSE messages, which this file does not look into. It puts the places of a request's
 * buffers in a slot of the file server's channel (engine/share), and gets back how many bytes the
 * server has written. A request's queue and head are its slot, so that there is always one.
 *
 * A request that the server did not answer, because it is gone, is answered here, with an error:
 * Linux would take what it finds for a success. That, and what nobody waits for, is all of FUSE
 * that this file knows.
 *
 * Host system calls: those of engine/share/client.c and virtqueue.c.
 */
#include "fs.h"

#include <endian.h>
#include <errno.h>
#include <linux/fuse.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "engine/share/share.h"
#include "virtio.h"
#include "vitrine/layout.h"
#include "vitrine/util.h"

static_assert(CHANNEL_QUEUE_SIZE == VIRTIO_QUEUE_SIZE, "a slot for each request");
static_assert(CHANNEL_BUFFERS == VIRTIO_SEGMENTS_MAX, "all buffers of a request in a slot");

struct fs {
	struct virtio_device dev;
	struct virtio_fs_config config;
};

static struct fs *fs;

static void describe(const struct virtio_request *req, struct channel_slot *slot)
{
	slot->nout = req->nout;
	slot->nin = req->nin;
	for (unsigned i = 0; i < req->nout + req->nin; i++) {
		slot->buffers[i].address = (uint64_t)req->iov[i].iov_base - VT_PAGE_OFFSET;
		slot->buffers[i].len = req->iov[i].iov_len;
	}
}

/*
 * Does anybody wait for the answer? Nobody does when a file is closed or forgotten. What the guest
 * says here decides when it is served, and nothing else.
 */
static bool is_urgent(const struct virtio_request *req)
{
	const volatile struct fuse_in_header *header = req->nout ? req->iov[0].iov_base : NULL;
	uint32_t operation;

	if (!req->nin || !header || req->iov[0].iov_len < sizeof(*header))
		return false;
	operation = header->opcode;
	return operation != FUSE_RELEASE && operation != FUSE_RELEASEDIR;
}

static struct virtio_request *request_of(unsigned slot)
{
	struct virtio_queue *queue = &fs->dev.queues[slot / CHANNEL_QUEUE_SIZE];

	return (struct virtio_request *)(queue->requests + (size_t)(slot % CHANNEL_QUEUE_SIZE) *
							       fs->dev.ops->request_size);
}

static uint32_t refuse(const struct virtio_request *req)
{
	const struct fuse_out_header header = { .len = sizeof(header), .error = -EIO };

	if (!req->nin || req->iov[req->nout].iov_len < sizeof(header))
		return 0;
	memcpy(req->iov[req->nout].iov_base, &header, sizeof(header));
	return sizeof(header);
}

static void complete(unsigned slot, uint32_t written)
{
	struct virtio_request *req = request_of(slot);

	if (!written)
		written = refuse(req);
	virtio_complete(req, written < req->in_len ? written : (uint32_t)req->in_len);
}

static void fs_notify(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct virtio_request *req;

	while ((req = virtio_pop(queue))) {
		const unsigned slot = queue->index * CHANNEL_QUEUE_SIZE + req->head;

		describe(req, share_slot(slot));
		share_post(slot, is_urgent(req));
	}
}

static void fs_config_read(struct virtio_device *dev, uint32_t offset, void *buf, uint32_t len)
{
	memcpy(buf, (const char *)&((struct fs *)dev)->config + offset, len);
}

static void fs_release(struct virtio_device *dev)
{
	free(dev);
}

static const struct virtio_ops fs_ops = {
	.name = "shared folders",
	.id = VIRTIO_ID_FS,
	.nqueues = CHANNEL_QUEUES,
	.request_size = sizeof(struct virtio_request),
	.config_len = sizeof(struct virtio_fs_config),
	.notify = fs_notify,
	.config_read = fs_config_read,
	.release = fs_release,
};

int fs_add(struct error *err)
{
	if (!share_exists())
		return 0;
	if (share_ready(err) || share_start(complete, err))
		return -1;
	fs = calloc(1, sizeof(*fs));
	if (!fs)
		return error_set(err, ENOMEM, "cannot create a file system device");
	fs->dev.ops = &fs_ops;
	memcpy(fs->config.tag, VT_SHARE_TAG, sizeof(VT_SHARE_TAG));
	fs->config.num_request_queues = htole32(CHANNEL_QUEUES - 1);
	if (virtio_register(&fs->dev, err)) {
		free(steal_ptr(fs));
		return -1;
	}
	return 0;
}
