// SPDX-License-Identifier: GPL-2.0-only
/* card.c - virtio network card (virtio 1.2, section 5.1), with the network behind it
 *
 * Theory of operation
 * What the guest sends goes to the network (browser/net) when it rings; what comes for the guest is
 * brought in card_round(), before each slice of the machine. A frame fills as many of the guest's
 * buffers as it needs; when there are too few it waits on the cable. Checksums are left out and
 * large segments pass as they are, as on a sandbox's cable.
 *
 * All addresses are the guest's: each is looked up, and a chain that leads nowhere is dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "browser/net/net.h"
#include "internal.h"

#define QUEUE_SIZE 256
#define RX 0
#define TX 1
#define PARTS_MAX 128
#define FRAME_MAX (65535 + 64)
#define MTU 65535
#define HEADER 12 /* virtio's, before each frame */
#define MERGED_MAX 72
#define NS_PER_MS 1000000ULL

#define DEVICE_NET 1
#define FEATURE_CSUM (1ULL << 0)
#define FEATURE_GUEST_CSUM (1ULL << 1)
#define FEATURE_MTU (1ULL << 3)
#define FEATURE_MAC (1ULL << 5)
#define FEATURE_GUEST_TSO4 (1ULL << 7)
#define FEATURE_HOST_TSO4 (1ULL << 11)
#define FEATURE_MRG_RXBUF (1ULL << 15)
#define FEATURE_VERSION_1 (1ULL << 32)

#define DESC_NEXT 1
#define DESC_WRITE 2

struct descriptor {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct used {
	uint32_t id, len;
};

struct __attribute__((packed)) card_config {
	uint8_t mac[6];
	uint16_t status, pairs, mtu;
};

/**
 * struct card - the card, and the network
 * @frame: of the guest's, put together
 */
struct card {
	struct net *net;
	struct saved_queue queue[2];
	uint64_t accepted;
	uint8_t frame[HEADER + FRAME_MAX];
};

static bool send_packet(void *of, const void *packet, size_t len)
{
	struct machine *m = of;

	return m->host->network(m->host->of, packet, len);
}

static void random_bytes(void *of, void *data, size_t len)
{
	struct machine *m = of;

	m->host->random(m->host->of, data, len);
}

int card_new(struct machine *m, const struct machine_config *config)
{
	if (!config->network)
		return 0;
	m->card = calloc(1, sizeof(*m->card));
	if (!m->card)
		return -1;
	m->card->net = net_new(send_packet, random_bytes, m);
	return m->card->net ? 0 : -1;
}

void card_free(struct machine *m)
{
	if (m->card)
		net_free(m->card->net);
	free(m->card);
}

/* ---- rings ---- */

/* Where the next chain begins, or -1 */
static int next_head(struct machine *m, struct saved_queue *queue)
{
	const uint8_t *ring =
	    queue->size ? guest_physical(m, queue->avail, 4 + queue->size * 2) : NULL;
	uint16_t idx, at;

	if (!ring)
		return -1;
	memcpy(&idx, ring + 2, sizeof(idx));
	if (idx == queue->last_avail)
		return -1;
	memcpy(&at, ring + 4 + queue->last_avail % queue->size * 2, sizeof(at));
	queue->last_avail++;
	return at;
}

static unsigned collect(struct machine *m, const struct saved_queue *queue, uint32_t at,
			struct descriptor parts[PARTS_MAX])
{
	const uint8_t *table =
	    guest_physical(m, queue->desc, queue->size * sizeof(struct descriptor));

	for (unsigned n = 0; table && n < PARTS_MAX && at < queue->size; n++) {
		memcpy(&parts[n], table + at * sizeof(parts[n]), sizeof(parts[n]));
		if (!(parts[n].flags & DESC_NEXT))
			return n + 1;
		at = parts[n].next;
	}
	return 0;
}

/* The guest sees them with publish() */
static void give_back(struct machine *m, struct saved_queue *queue, unsigned behind, uint32_t id,
		      uint32_t len)
{
	const struct used entry = { id, len };
	uint8_t *ring = guest_physical(m, queue->used, 4 + queue->size * sizeof(entry));

	if (!ring)
		return;
	ring += 4 + (uint16_t)(queue->used_idx + behind) % queue->size * sizeof(entry);
	memcpy(ring, &entry, sizeof(entry));
	guest_written(m, ring, sizeof(entry));
}

static void publish(struct machine *m, struct saved_queue *queue, unsigned count)
{
	uint8_t *ring = guest_physical(m, queue->used, 4);

	if (!ring || !count)
		return;
	queue->used_idx = (uint16_t)(queue->used_idx + count);
	memcpy(ring + 2, &queue->used_idx, sizeof(queue->used_idx));
	guest_written(m, ring, 4);
	kernel_raise(m, VT_IRQ_VIRTIO + CARD_INDEX);
}

/* ---- from the guest ---- */

static size_t gather(struct machine *m, const struct descriptor *parts, unsigned count)
{
	struct card *card = m->card;
	size_t len = 0;

	for (unsigned n = 0; n < count; n++) {
		const uint8_t *from = guest_physical(m, parts[n].addr, parts[n].len);

		if (!from || parts[n].flags & DESC_WRITE ||
		    parts[n].len > sizeof(card->frame) - len)
			return 0;
		memcpy(card->frame + len, from, parts[n].len);
		len += parts[n].len;
	}
	return len;
}

static void transmit(struct machine *m)
{
	static struct descriptor parts[PARTS_MAX];
	struct saved_queue *queue = &m->card->queue[TX];
	unsigned done = 0;
	int head;

	while (done < queue->size && (head = next_head(m, queue)) >= 0) {
		const size_t len = gather(m, parts, collect(m, queue, (uint32_t)head, parts));

		if (len > HEADER)
			net_frame(m->card->net, m->card->frame + HEADER, len - HEADER);
		give_back(m, queue, done++, (uint32_t)head, 0);
	}
	publish(m, queue, done);
}

/* ---- to the guest ---- */

/* What is left of header and frame into one chain. Return: bytes, 0 when it takes none */
static size_t scatter(struct machine *m, const struct descriptor *parts, unsigned count,
		      const uint8_t *data, size_t len)
{
	size_t done = 0;

	for (unsigned n = 0; n < count && done < len; n++) {
		const size_t part = parts[n].len < len - done ? parts[n].len : len - done;
		uint8_t *to = guest_physical(m, parts[n].addr, part);

		if (!to || !(parts[n].flags & DESC_WRITE))
			break;
		memcpy(to, data + done, part);
		guest_written(m, to, part);
		done += part;
	}
	return done;
}

/* Return: false when the guest has too few buffers */
static bool deliver(struct machine *m, size_t len)
{
	static struct descriptor parts[PARTS_MAX];
	struct card *card = m->card;
	struct saved_queue *queue = &card->queue[RX];
	const uint16_t before = queue->last_avail;
	const unsigned most = card->accepted & FEATURE_MRG_RXBUF ? MERGED_MAX : 1;
	uint32_t ids[MERGED_MAX], lens[MERGED_MAX];
	size_t done = 0;
	uint16_t count = 0;
	uint8_t *first = NULL;

	while (done < len && count < most) {
		const int head = next_head(m, queue);
		unsigned n;

		if (head < 0)
			break;
		n = collect(m, queue, (uint32_t)head, parts);
		if (!count && n && parts[0].len >= HEADER)
			first = guest_physical(m, parts[0].addr, HEADER);
		ids[count] = (uint32_t)head;
		lens[count] = (uint32_t)scatter(m, parts, n, card->frame + done, len - done);
		done += lens[count++];
	}
	if (done < len && count < most) {
		queue->last_avail = before; /* they are there still, when there are more */
		return false;
	}
	if (first)
		memcpy(first + 10, &count, sizeof(count));
	for (unsigned n = 0; n < count; n++)
		give_back(m, queue, n, ids[n], done < len ? 0 : lens[n]);
	publish(m, queue, count);
	return true;
}

void card_round(struct machine *m, uint64_t now)
{
	struct card *card = m->card;
	const void *frame;
	size_t len;

	if (!card)
		return;
	net_round(card->net, now / NS_PER_MS);
	while (card->queue[RX].size && (frame = net_peek(card->net, &len, card->frame))) {
		memcpy(card->frame + HEADER, frame, len);
		if (!deliver(m, HEADER + len))
			return;
		net_take(card->net);
	}
}

uint64_t card_wakes(const struct machine *m)
{
	const uint64_t at = m->card ? net_wakes(m->card->net) : 0;

	return at ? at * NS_PER_MS : MACHINE_NEVER;
}

void machine_network(struct machine *m, bool there)
{
	if (m->card)
		net_relay(m->card->net, there);
}

void machine_packet(struct machine *m, const void *packet, size_t len)
{
	if (m->card)
		net_packet(m->card->net, packet, len);
}

/* ---- the transport ---- */

static uint64_t info(struct machine *m, uint64_t to)
{
	const struct vt_virtio_info out = {
		.device_id = DEVICE_NET,
		.nqueues = 2,
		.queue_size = QUEUE_SIZE,
		.config_len = sizeof(struct card_config),
		.features = FEATURE_VERSION_1 | FEATURE_MAC | FEATURE_MTU | FEATURE_CSUM |
			    FEATURE_GUEST_CSUM | FEATURE_HOST_TSO4 | FEATURE_GUEST_TSO4 |
			    FEATURE_MRG_RXBUF,
	};

	return guest_write(m, to, &out, sizeof(out)) ? -(uint64_t)G_EFAULT : 0;
}

static void read_config(struct machine *m, uint32_t offset, uint64_t to, uint32_t len)
{
	static const struct card_config config = {
		{ 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 }, 1, 1, MTU
	};

	if (offset <= sizeof(config) && len <= sizeof(config) - offset)
		guest_write(m, to, (const uint8_t *)&config + offset, len);
}

static uint64_t set_queue(struct card *card, const uint64_t args[6])
{
	const uint32_t size = (uint32_t)args[2];

	if ((uint32_t)args[1] > TX)
		return -(uint64_t)G_ENOENT;
	if (size > QUEUE_SIZE || size & (size - 1))
		return -(uint64_t)G_EINVAL;
	card->queue[args[1]] = (struct saved_queue){
		.desc = args[3], .avail = args[4], .used = args[5], .size = size
	};
	return 0;
}

uint64_t card_call(struct machine *m, enum guest_call call, const uint64_t args[6])
{
	struct card *card = m->card;

	if (!card)
		return -(uint64_t)G_ENODEV;
	switch (call) {
	case CALL_virtio_info:
		return info(m, args[1]);
	case CALL_virtio_config:
		if (!args[4])
			read_config(m, (uint32_t)args[1], args[2], (uint32_t)args[3]);
		return 0;
	case CALL_virtio_features:
		card->accepted = args[1];
		return 0;
	case CALL_virtio_status:
		if (!(uint32_t)args[1])
			memset(card->queue, 0, sizeof(card->queue));
		return 0;
	case CALL_virtio_queue:
		return set_queue(card, args);
	case CALL_virtio_notify:
		if ((uint32_t)args[1] == TX)
			transmit(m);
		card_round(m, m->host->monotonic(m->host->of));
		return 0;
	default:
		return 0;
	}
}

/* ---- pauses ---- */

void card_save(struct machine *m, struct saved *saved)
{
	if (!m->card)
		return;
	memcpy(saved->card, m->card->queue, sizeof(saved->card));
	saved->accepted = m->card->accepted;
	net_save(m->card->net, &saved->net);
}

void card_restore(struct machine *m, const struct saved *saved)
{
	if (!m->card)
		return;
	for (unsigned n = 0; n < 2; n++) {
		const struct saved_queue *from = &saved->card[n];

		if (from->size <= QUEUE_SIZE && !(from->size & (from->size - 1)))
			m->card->queue[n] = *from;
	}
	m->card->accepted = saved->accepted;
	net_restore(m->card->net, &saved->net);
}
