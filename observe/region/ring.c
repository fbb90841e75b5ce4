// SPDX-License-Identifier: GPL-2.0-only
/* ring.c - read events without disturbing who writes them
 *
 * Theory of operation
 * The writer's side is described at struct vt_ring. A reader copies a record and then looks at the
 * tail: if that has moved beyond the record, the copy may be torn, and is thrown away. Everything
 * in the copy is checked before it is believed, because a broken guest kernel can write anything
 * there at any time; a record that makes no sense costs what is in the ring, and is told as a gap.
 *
 * How many events a gap has lost is known from the numbers that events have in their ring: whatever
 * the reason, the next good record's number says what came before it.
 *
 * Merging: rings are written by one writer, so all that stands before a set of heads that was read
 * while none of them moved is complete. event_next() gives that out by seq, then reads the heads
 * again.
 *
 * Invariant: no function writes to the region, waits, or takes more steps than the ring has bytes.
 */
#include "ring.h"

#include <string.h>
#include "names.h"
#include "vitrine/util.h"

#define RING_SIZE_MIN 4096
#define SETTLE 64  /* attempts to read all heads while none moves */
#define PAD_HEAD 8 /* bytes of a VT_EVENT_PAD that have a meaning: size and kind */

static const struct vt_ring *ring_of(const struct region *region, enum vt_ring_kind kind)
{
	return &((const struct vt_telemetry *)region->memory)->rings[kind];
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static uint64_t load_vt(const vt_u64 *word)
{
	return load((const uint64_t *)word);
}

uint64_t ring_head(const struct ring_reader *reader)
{
	return load_vt(&ring_of(reader->region, reader->kind)->head);
}

static uint64_t ring_tail(const struct ring_reader *reader)
{
	return load_vt(&ring_of(reader->region, reader->kind)->tail);
}

int ring_reader_init(struct ring_reader *reader, const struct region *region,
		     enum vt_ring_kind kind, enum events_from from, struct error *err)
{
	const struct vt_ring *ring = ring_of(region, kind);

	*reader = (struct ring_reader){
		.region = region,
		.kind = kind,
		.offset = load_vt(&ring->offset),
		.size = load_vt(&ring->size),
	};
	if (reader->size < RING_SIZE_MIN || (reader->size & (reader->size - 1)) ||
	    reader->offset % 8 || !region_at(region, reader->offset, reader->size))
		return error_set(err, 0, "the sandbox has no ring for %s events",
				 name_of(NAMES_RING, kind));
	if (from == EVENTS_FROM_OLDEST) {
		reader->at = ring_tail(reader);
		reader->known = !reader->at;
		return 0;
	}
	reader->known = true;
	for (unsigned i = 0; i < SETTLE; i++) {
		reader->at = ring_head(reader);
		reader->last = load_vt(&ring->written);
		if (ring_head(reader) == reader->at)
			break;
	}
	return 0;
}

enum copy { COPY_GOOD, COPY_PAD, COPY_OVERWRITTEN, COPY_BROKEN };

/* Copy the record at reader->at, which lies before @horizon, and say what to think of it */
static enum copy record_copy(const struct ring_reader *reader, uint64_t horizon,
			     struct event *event)
{
	uint64_t place = reader->at & (reader->size - 1), room = reader->size - place;
	const uint8_t *from = region_at(reader->region, reader->offset + place, PAD_HEAD);
	uint32_t size;

	if (reader->at % 8 || !from)
		return COPY_BROKEN;
	if (room > horizon - reader->at)
		room = horizon - reader->at;
	memcpy(event->bytes, from, PAD_HEAD);
	size = event->head.size;
	if (size >= sizeof(event->head) && size <= sizeof(event->bytes) && size <= room)
		memcpy(event->bytes + PAD_HEAD, from + PAD_HEAD, size - PAD_HEAD);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (ring_tail(reader) > reader->at)
		return COPY_OVERWRITTEN;
	if (size < PAD_HEAD || size % 8 || size > room)
		return COPY_BROKEN;
	if (event->head.kind == VT_EVENT_PAD)
		return COPY_PAD;
	if (size < sizeof(event->head) || size > sizeof(event->bytes) ||
	    event->head.kind >= VT_NR_EVENT_KINDS || event->head.ring != reader->kind)
		return COPY_BROKEN;
	event->head.comm[sizeof(event->head.comm) - 1] = '\0';
	return COPY_GOOD;
}

/* Count what is missing before @event, which was just read */
static enum event_result record_number(struct ring_reader *reader, const struct event *event,
				       uint64_t *lost)
{
	uint64_t before = reader->last, number = event->head.ring_seq;
	bool known = reader->known;

	reader->last = number;
	reader->known = true;
	if (!known || number <= before + 1)
		return EVENT_HERE;
	*lost = number - before - 1;
	return EVENT_GAP;
}

enum event_result ring_next(struct ring_reader *reader, uint64_t horizon, struct event *event,
			    uint64_t *lost)
{
	uint64_t tail;

	if (horizon < reader->at) /* no honest writer goes back */
		reader->at = horizon;
	for (uint64_t steps = 0; steps < reader->size / PAD_HEAD && reader->at < horizon; steps++) {
		tail = ring_tail(reader);
		if (tail > reader->at) {
			reader->at = tail < horizon ? tail : horizon;
			continue;
		}
		if (horizon - reader->at > reader->size) { /* nor does it keep more than fits */
			reader->at = horizon;
			break;
		}
		switch (record_copy(reader, horizon, event)) {
		case COPY_GOOD:
			reader->at += event->head.size;
			return record_number(reader, event, lost);
		case COPY_PAD:
			reader->at += event->head.size;
			break;
		case COPY_OVERWRITTEN:
			break;
		case COPY_BROKEN:
			reader->at = horizon;
			break;
		}
	}
	return EVENT_NONE;
}

/* All heads, at a moment when none of them moved (or nearly so, should the writer never rest) */
static void horizon_take(struct event_reader *reader)
{
	bool moved = true;

	for (unsigned attempt = 0; moved && attempt < SETTLE; attempt++) {
		for (unsigned i = 0; i < VT_NR_RINGS; i++)
			reader->horizon[i] = ring_head(&reader->rings[i].ring);
		moved = false;
		for (unsigned i = 0; i < VT_NR_RINGS; i++)
			moved |= ring_head(&reader->rings[i].ring) != reader->horizon[i];
	}
}

int event_reader_init(struct event_reader *reader, const struct region *region,
		      enum events_from from, struct error *err)
{
	memset(reader, 0, sizeof(*reader));
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		if (ring_reader_init(&reader->rings[i].ring, region, i, from, err) < 0)
			return -1;
		reader->horizon[i] = reader->rings[i].ring.at;
	}
	return 0;
}

/* Index of the ring whose next event is the oldest, -1 when there is none before the horizon */
static int oldest(struct event_reader *reader)
{
	int found = -1;

	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		__typeof__(&reader->rings[i]) ring = &reader->rings[i];

		if (!ring->held && ring_next(&ring->ring, reader->horizon[i], &ring->event,
					     &ring->lost) != EVENT_NONE)
			ring->held = true;
		if (ring->held &&
		    (found < 0 || ring->event.head.seq < reader->rings[found].event.head.seq))
			found = (int)i;
	}
	return found;
}

enum event_result event_next(struct event_reader *reader, struct event *event)
{
	int i = oldest(reader);

	if (i < 0) {
		horizon_take(reader);
		i = oldest(reader);
	}
	if (i < 0)
		return EVENT_NONE;
	if (reader->rings[i].lost) {
		reader->gap = (struct event_gap){ i, reader->rings[i].lost };
		reader->rings[i].lost = 0;
		return EVENT_GAP;
	}
	memcpy(event->bytes, reader->rings[i].event.bytes, reader->rings[i].event.head.size);
	reader->rings[i].held = false;
	return EVENT_HERE;
}
