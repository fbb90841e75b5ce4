// SPDX-License-Identifier: GPL-2.0-only
/* fake_region.c - a telemetry region and its writer, as the guest kernel does it
 *
 * The writer follows struct vt_ring to the letter: the tail moves first, then the record is
 * written, then the head moves; what does not fit before the ring's end is padded.
 */
#include "fake_region.h"

#include <stdlib.h>
#include <string.h>

struct vt_telemetry *fake_region_new(struct region *region, uint64_t ring_size)
{
	uint64_t size = VT_TELEMETRY_RINGS + VT_NR_RINGS * ring_size;
	struct vt_telemetry *t = aligned_alloc(4096, size);

	memset(t, 0, size);
	t->magic = VT_TELEMETRY_MAGIC;
	t->version = VT_TELEMETRY_VERSION;
	t->size = size;
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		t->rings[i].offset = VT_TELEMETRY_RINGS + i * ring_size;
		t->rings[i].size = ring_size;
	}
	*region = (struct region){ (const uint8_t *)t, size };
	return t;
}

void fake_region_free(struct region *region)
{
	free((void *)region->memory);
	*region = (struct region){ 0 };
}

static uint8_t *place(struct vt_telemetry *t, struct vt_ring *ring, uint64_t at)
{
	return (uint8_t *)t + ring->offset + (at & (ring->size - 1));
}

/* Give up whole records until @end has room */
static void make_room(struct vt_telemetry *t, struct vt_ring *ring, uint64_t end)
{
	uint64_t tail = ring->tail;

	while (end - tail > ring->size) {
		uint32_t size;

		memcpy(&size, place(t, ring, tail), sizeof(size));
		tail += size;
	}
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void pad(struct vt_telemetry *t, struct vt_ring *ring, uint32_t size)
{
	struct vt_event head = { .size = size, .kind = VT_EVENT_PAD };

	make_room(t, ring, ring->head + size);
	memcpy(place(t, ring, ring->head), &head, 8);
	__atomic_store_n(&ring->head, ring->head + size, __ATOMIC_RELEASE);
}

uint64_t fake_region_write(struct vt_telemetry *t, const struct vt_event *head, const void *body,
			   size_t len)
{
	struct vt_ring *ring = &t->rings[head->ring];
	uint64_t room = ring->size - (ring->head & (ring->size - 1));
	struct vt_event event = *head;

	event.size = (sizeof(event) + len + 7) & ~7UL;
	if (event.size > room)
		pad(t, ring, room);
	make_room(t, ring, ring->head + event.size);
	event.seq = ++t->events;
	event.ring_seq = ++ring->written;
	memcpy(place(t, ring, ring->head), &event, sizeof(event));
	memcpy(place(t, ring, ring->head) + sizeof(event), body, len);
	__atomic_store_n(&ring->head, ring->head + event.size, __ATOMIC_RELEASE);
	return event.seq;
}
