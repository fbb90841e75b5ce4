// SPDX-License-Identifier: GPL-2.0-only
/* net.c - virtio network card (virtio 1.2, section 5.1)
 *
 * Theory of operation
 * Frames are copied between the guest's buffers and the cable to the network process
 * (engine/net/link.h), which has no other memory of the guest's. The doorbell of the transmit queue
 * copies on the vCPU's thread, as much as the cable takes; what it does not take stays in the
 * guest's ring, and its driver stops its senders. A thread of ours goes on when there is room
 * again, and brings in what comes from the network. So no vCPU waits for the network process, and
 * nothing that one side has sent is lost on the way.
 *
 * The doorbell and that thread both can transmit. The one that finds the lock taken leaves a note
 * that there is more to do, and returns (tx_run()). A buffer is taken only when there is room for
 * the longest frame, so that none has to be given back.
 *
 * Frames are as long as a whole IP packet, checksums are left out in both directions and large
 * segments pass as they are (VIRTIO_NET_F_MTU, CSUM, TSO): what memory carries needs none of it.
 * With mergeable buffers a frame fills as many of the guest's buffers as it needs. When the guest
 * has too few, those that were taken are put back (virtio_unpop()) and the frame waits.
 *
 * Host system calls: poll, read, write (eventfd), futex; clone3 for the thread.
 */
#include "net.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/confine/confine.h"
#include "engine/net/link.h"
#include "engine/net/net.h"
#include "engine/net/wire.h"
#include "virtio.h"
#include "vitrine/util.h"

#define QUEUE_RX 0
#define QUEUE_TX 1
#define CHAINS_MAX 72 /* buffers of a driver that one frame may fill: 64 KiB of single KiBs */
#define PUBLISH 65536 /* bytes after which the network process may begin */
#define BATCH 4	      /* frames after which the guest hears of them */

struct net {
	struct virtio_device dev;
	struct link *link;
	struct link_end out, in;
	pthread_mutex_t tx_lock, work; /* @work: held by the thread while it does something */
	atomic_bool tx_wanted, starved, stop;
	bool running;
	int alive; /* hangs up when the network process has ended; then -1 */
	pthread_t thread;
	struct virtio_net_config config;
};

/* The virtio header, then the frame, from the driver's buffers */
static void transmit(struct net *net, const struct virtio_request *req, void *at,
		     link_header *header)
{
	const struct iovec *iov = req->iov, *end = iov + req->nout;
	unsigned char *to = (unsigned char *)header;
	size_t left = sizeof(*header), done = 0;

	if (req->out_len < sizeof(*header) || req->out_len - sizeof(*header) > LINK_FRAME_MAX) {
		virtio_report(&net->dev, "the guest has sent a frame of %lu bytes; dropped",
			      req->out_len);
		return;
	}
	for (; iov < end; iov++) {
		const unsigned char *from = iov->iov_base;
		size_t len = iov->iov_len, part = len < left ? len : left;

		if (left) {
			memcpy(to, from, part);
			to += part;
			from += part;
			len -= part;
			left -= part;
		}
		memcpy((unsigned char *)at + done, from, len);
		done += len;
	}
	link_commit(&net->out, done);
}

static void tx_drain(struct net *net)
{
	struct virtio_queue *queue = &net->dev.queues[QUEUE_TX];
	struct virtio_request *req;
	uint32_t published = net->out.own;
	link_header *header;
	void *at;

	while ((at = link_reserve(&net->out, LINK_FRAME_MAX, &header))) {
		req = virtio_pop(queue);
		if (!req)
			break;
		transmit(net, req, at, header);
		virtio_push(req, 0);
		if (net->out.own - published >= PUBLISH) {
			link_publish(&net->out);
			published = net->out.own;
		}
	}
	link_publish(&net->out);
	virtio_signal(queue);
}

static void tx_run(struct net *net)
{
	atomic_store(&net->tx_wanted, true);
	/* Whoever has the lock looks at the wish again after he has given it back */
	while (atomic_load(&net->tx_wanted) && !pthread_mutex_trylock(&net->tx_lock)) {
		while (atomic_exchange(&net->tx_wanted, false))
			tx_drain(net);
		pthread_mutex_unlock(&net->tx_lock);
	}
}

/* Buffers for @need bytes. Return: their number, 0 when the guest has too few, -1 when they are odd
 */
static int take_buffers(struct net *net, size_t need, struct virtio_request **reqs)
{
	struct virtio_queue *queue = &net->dev.queues[QUEUE_RX];
	const bool merge = net->dev.accepted & (1ULL << VIRTIO_NET_F_MRG_RXBUF);
	const int most = merge ? CHAINS_MAX : 1;
	size_t room = 0;
	int count = 0;

	while (room < need && count < most) {
		reqs[count] = virtio_pop(queue);
		if (!reqs[count])
			break;
		room += reqs[count++]->in_len;
	}
	if (count && reqs[0]->in_len < sizeof(link_header))
		room = 0; /* the header is never divided */
	if (room >= need)
		return count;
	for (int i = count; i > 0; i--)
		virtio_unpop(reqs[i - 1]);
	return count == most || (count && reqs[0]->in_len < sizeof(link_header)) ? -1 : 0;
}

/* Fill one driver's buffer with what is left of header and frame. Return: how much it took */
static size_t fill(struct virtio_request *req, const unsigned char *head, size_t head_len,
		   const unsigned char *frame, size_t len)
{
	const struct iovec *iov = req->iov + req->nout, *end = iov + req->nin;
	size_t done = 0;

	for (; iov < end && done < head_len + len; iov++) {
		unsigned char *to = iov->iov_base;
		size_t room = iov->iov_len, part;

		if (done < head_len) {
			part = head_len - done < room ? head_len - done : room;
			memcpy(to, head + done, part);
			done += part;
			to += part;
			room -= part;
			if (done < head_len)
				continue;
		}
		part = head_len + len - done < room ? head_len + len - done : room;
		memcpy(to, frame + (done - head_len), part);
		done += part;
	}
	return done;
}

/* Return: false when the guest has no buffers for it */
static bool receive(struct net *net, const unsigned char *frame, size_t len, link_header *header)
{
	struct virtio_request *reqs[CHAINS_MAX];
	uint32_t written[CHAINS_MAX];
	int count = take_buffers(net, sizeof(*header) + len, reqs);
	size_t head_len = sizeof(*header);

	if (count < 0)
		virtio_report(&net->dev, "the guest's buffers are too small for a frame; dropped");
	if (count <= 0)
		return count < 0;
	header->num_buffers = htole16((uint16_t)count);
	for (int i = 0; i < count; i++) {
		const size_t done = fill(reqs[i], (unsigned char *)header, head_len, frame, len);

		len -= done - head_len;
		frame += done - head_len;
		head_len = 0;
		written[i] = (uint32_t)done;
	}
	virtio_push_together(reqs, written, (unsigned)count);
	return true;
}

/* Return: false when there are frames that the guest has no buffers for */
static bool rx_run(struct net *net)
{
	struct virtio_queue *queue = &net->dev.queues[QUEUE_RX];
	unsigned count = 0;
	link_header header;
	const void *frame;
	bool room = true;
	size_t len;

	while (room && (frame = link_peek(&net->in, &len, &header))) {
		room = receive(net, frame, len, &header);
		if (!room)
			break;
		link_take(&net->in);
		if (++count % BATCH == 0) {
			virtio_signal(queue);
			link_taken(&net->in);
		}
	}
	virtio_signal(queue);
	link_taken(&net->in);
	return room;
}

/* Return: false when nobody will ever wake us */
static bool sleep_until_woken(struct net *net)
{
	struct pollfd fds[] = { { .fd = net->link->supervisor, .events = POLLIN },
				{ .fd = net->alive } };
	uint64_t wakes;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR;
	if (fds[1].revents) {
		net->alive = -1;
		if (net_link())
			virtio_report(&net->dev, "the network process has ended; the guest has no "
						 "network any more");
	}
	return !fds[0].revents || read(net->link->supervisor, &wakes, sizeof(wakes)) > 0;
}

/* Return: false when there are frames that the guest has no buffers for */
static bool work(struct net *net)
{
	bool fed;

	pthread_mutex_lock(&net->work);
	atomic_store(&net->starved, false);
	fed = rx_run(net);
	if (!fed) {
		atomic_store(&net->starved, true);
		fed = rx_run(net); /* who came before the flag */
	}
	tx_run(net);
	pthread_mutex_unlock(&net->work);
	return fed;
}

static void *net_thread(void *arg)
{
	struct net *net = arg;

	while (!atomic_load(&net->stop)) {
		const bool fed = work(net);

		if (fed && !link_sleeps(&net->in, true))
			continue;
		if (!sleep_until_woken(net))
			break;
		link_sleeps(&net->in, false);
	}
	return NULL;
}

static void wake_thread(struct net *net)
{
	const uint64_t one = 1;

	(void)!write(net->link->supervisor, &one, sizeof(one));
}

static struct net *card;

void net_freeze(void)
{
	if (card)
		pthread_mutex_lock(&card->work);
}

void net_thaw(void)
{
	if (!card)
		return;
	pthread_mutex_unlock(&card->work);
	wake_thread(card); /* the guest's ring may have something that nobody will tell of again */
}

static void net_notify(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct net *net = (struct net *)dev;

	if (queue->index == QUEUE_TX)
		tx_run(net);
	else if (atomic_exchange(&net->starved, false))
		wake_thread(net);
}

static void net_config_read(struct virtio_device *dev, uint32_t offset, void *buf, uint32_t len)
{
	memcpy(buf, (const char *)&((struct net *)dev)->config + offset, len);
}

static void net_release(struct virtio_device *dev)
{
	struct net *net = (struct net *)dev;

	atomic_store(&net->stop, true);
	wake_thread(net);
	if (net->running)
		pthread_join(net->thread, NULL);
	pthread_mutex_destroy(&net->tx_lock);
	pthread_mutex_destroy(&net->work);
	card = NULL;
	free(net);
}

static const struct virtio_ops net_ops = {
	.name = "network card",
	.id = VIRTIO_ID_NET,
	.nqueues = 2,
	.request_size = sizeof(struct virtio_request),
	.config_len = sizeof(struct virtio_net_config),
	.notify = net_notify,
	.config_read = net_config_read,
	.release = net_release,
};

static int start_thread(struct net *net)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	sigdelset(&all, SIGSEGV); /* a write to what is still a layer: engine/memory/base.c */
	sigdelset(&all, CONFINE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&net->thread, NULL, net_thread, net);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static struct net *net_new(struct link *link)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->link = link;
	net->alive = net_alive();
	net->dev.ops = &net_ops;
	net->dev.features = 1ULL << VIRTIO_NET_F_CSUM | 1ULL << VIRTIO_NET_F_GUEST_CSUM |
			    1ULL << VIRTIO_NET_F_HOST_TSO4 | 1ULL << VIRTIO_NET_F_HOST_TSO6 |
			    1ULL << VIRTIO_NET_F_GUEST_TSO4 | 1ULL << VIRTIO_NET_F_GUEST_TSO6 |
			    1ULL << VIRTIO_NET_F_MRG_RXBUF | 1ULL << VIRTIO_NET_F_MAC |
			    1ULL << VIRTIO_NET_F_MTU;
	net->config = (struct virtio_net_config){ .mac = NET_MAC_GUEST, .mtu = htole16(LINK_MTU) };
	link_end_init(&net->out, link->rings[0], link->network);
	link_end_init(&net->in, link->rings[1], link->network);
	pthread_mutex_init(&net->tx_lock, NULL);
	pthread_mutex_init(&net->work, NULL);
	return net;
}

int net_add(struct error *err)
{
	struct link *link = net_link();
	cleanup_free struct net *net = NULL;
	int ret;

	if (!link)
		return 0;
	net = net_new(link);
	if (!net)
		return error_set(err, ENOMEM, "cannot create the network card");
	if (virtio_register(&net->dev, err))
		return -1;
	ret = start_thread(net);
	net->running = !ret;
	card = steal_ptr(net);
	return ret ? error_set(err, ret, "cannot start the thread of the network card") : 0;
}
