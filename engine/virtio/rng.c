// SPDX-License-Identifier: GPL-2.0-only
/* rng.c - virtio entropy source (virtio 1.2, section 5.4)
 *
 * Theory of operation
 * Each request is a buffer to fill from the host's getrandom(2), which does not wait once the host
 * has booted. One request gets REQUEST_MAX bytes at most, so that the vCPU thread is soon back; the
 * driver asks again for more.
 *
 * Host system calls: getrandom.
 */
#include "rng.h"

#include <errno.h>
#include <linux/virtio_ids.h>
#include <sys/random.h>

#include "virtio.h"
#include "vitrine/util.h"

#define REQUEST_MAX 4096

static uint32_t fill(const struct virtio_request *req)
{
	const struct iovec *iov = req->iov + req->nout, *end = iov + req->nin;
	uint32_t done = 0;
	ssize_t n;

	for (; iov < end && done < REQUEST_MAX; iov++) {
		size_t room = REQUEST_MAX - done;

		n = getrandom(iov->iov_base, iov->iov_len < room ? iov->iov_len : room,
			      GRND_NONBLOCK);
		if (n < 0)
			break;
		done += n;
		if ((size_t)n < iov->iov_len)
			break;
	}
	return done;
}

static void rng_notify(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct virtio_request *req;

	while ((req = virtio_pop(queue)))
		virtio_push(req, fill(req));
	virtio_signal(queue);
}

static void rng_release(struct virtio_device *dev)
{
	free(dev);
}

static const struct virtio_ops rng_ops = {
	.name = "rng",
	.id = VIRTIO_ID_RNG,
	.nqueues = 1,
	.request_size = sizeof(struct virtio_request),
	.notify = rng_notify,
	.release = rng_release,
};

int rng_add(struct error *err)
{
	cleanup_free struct virtio_device *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return error_set(err, ENOMEM, "cannot create the entropy source");
	dev->ops = &rng_ops;
	if (virtio_register(dev, err))
		return -1;
	steal_ptr(dev);
	return 0;
}
