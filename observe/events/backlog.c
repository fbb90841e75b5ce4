// SPDX-License-Identifier: GPL-2.0-only
/* backlog.c - the newest events, for readers that come back
 *
 * Theory of operation
 * As in the region itself each class of events has its own ring, so that an exec of a minute ago
 * is still there when a million system calls are not. A ring is bytes and slots that point into
 * them; what is added evicts the oldest until both have room. Each remembers the newest seq that
 * it lost, which is all that is needed to tell a reader whether he missed something.
 */
#include "backlog.h"

#include <string.h>

#include "vitrine/util.h"

static const struct {
	uint64_t size, nslots;
} sizes[] = {
	[VT_RING_LIFE] = { 4 << 20, 1 << 15 },
	[VT_RING_ERRORS] = { 4 << 20, 1 << 14 },
	[VT_RING_ROUTINE] = { 16 << 20, 1 << 16 },
};
static_assert(ARRAY_SIZE(sizes) == VT_NR_RINGS, "sizes[]");

int backlog_init(struct backlog *backlog, struct error *err)
{
	*backlog = (struct backlog){ 0 };
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		struct backlog_ring *ring = &backlog->rings[i];

		ring->size = sizes[i].size;
		ring->nslots = sizes[i].nslots;
		ring->data = malloc(ring->size);
		ring->slots = calloc(ring->nslots, sizeof(*ring->slots));
		if (!ring->data || !ring->slots)
			return error_set(err, 0, "no memory for events");
	}
	return 0;
}

void backlog_free(struct backlog *backlog)
{
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		free(steal_ptr(backlog->rings[i].data));
		free(steal_ptr(backlog->rings[i].slots));
	}
}

void backlog_clear(struct backlog *backlog)
{
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		struct backlog_ring *ring = &backlog->rings[i];

		ring->head = ring->tail = ring->first = ring->end = ring->missing = 0;
	}
	backlog->newest = 0;
}

static const struct backlog_slot *slot(const struct backlog_ring *ring, uint64_t index)
{
	return &ring->slots[index & (ring->nslots - 1)];
}

static const struct event *record(const struct backlog_ring *ring, uint64_t index)
{
	return (const struct event *)(ring->data + (slot(ring, index)->offset & (ring->size - 1)));
}

static void evict(struct backlog_ring *ring)
{
	ring->missing = slot(ring, ring->first)->seq;
	ring->first++;
	ring->tail = ring->first == ring->end ? ring->head : slot(ring, ring->first)->offset;
}

void backlog_add(struct backlog *backlog, const struct event *event)
{
	struct backlog_ring *ring = &backlog->rings[event->head.ring];
	const uint64_t left = ring->size - (ring->head & (ring->size - 1));

	/* A record never wraps */
	if (left < event->head.size)
		ring->head += left;
	while (ring->first != ring->end &&
	       (ring->head + event->head.size - ring->tail > ring->size ||
		ring->end - ring->first == ring->nslots))
		evict(ring);
	if (ring->first == ring->end)
		ring->tail = ring->head;
	ring->slots[ring->end++ & (ring->nslots - 1)] =
	    (struct backlog_slot){ event->head.seq, ring->head };
	memcpy(ring->data + (ring->head & (ring->size - 1)), event, event->head.size);
	ring->head += event->head.size;
	if (event->head.seq > backlog->newest)
		backlog->newest = event->head.seq;
}

void backlog_lose(struct backlog *backlog, unsigned ring, uint64_t seq)
{
	if (seq > backlog->rings[ring].missing)
		backlog->rings[ring].missing = seq;
}

uint64_t backlog_oldest(const struct backlog *backlog)
{
	return backlog_missing(backlog, 0, BACKLOG_ALL) + 1;
}

uint64_t backlog_missing(const struct backlog *backlog, uint64_t after, unsigned rings)
{
	uint64_t missing = 0;

	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		if (rings & 1U << i && backlog->rings[i].missing > missing)
			missing = backlog->rings[i].missing;
	}
	return missing > after ? missing : 0;
}

struct backlog_walk backlog_begin(const struct backlog *backlog, uint64_t after)
{
	struct backlog_walk walk = { .backlog = backlog };

	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		const struct backlog_ring *ring = &backlog->rings[i];
		uint64_t low = ring->first, high = ring->end;

		while (low < high) {
			uint64_t middle = low + (high - low) / 2;

			if (slot(ring, middle)->seq <= after)
				low = middle + 1;
			else
				high = middle;
		}
		walk.at[i] = low;
	}
	return walk;
}

const struct event *backlog_next(struct backlog_walk *walk)
{
	const struct backlog_ring *from = NULL;
	uint64_t seq = UINT64_MAX, *at = NULL;

	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		const struct backlog_ring *ring = &walk->backlog->rings[i];

		if (walk->at[i] == ring->end || slot(ring, walk->at[i])->seq >= seq)
			continue;
		from = ring;
		at = &walk->at[i];
		seq = slot(ring, *at)->seq;
	}
	return from ? record(from, (*at)++) : NULL;
}
