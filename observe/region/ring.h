/* SPDX-License-Identifier: GPL-2.0-only */
/* ring.h - read events without disturbing who writes them
 *
 *	struct event_reader reader;
 *	struct event event;
 *
 *	event_reader_init(&reader, region, EVENTS_FROM_NOW, &err);
 *	for (;;) {
 *		switch (event_next(&reader, &event)) {
 *		case EVENT_HERE:  use(&event);                     break;
 *		case EVENT_GAP:   lost(reader.gap.ring, reader.gap.lost); break;
 *		case EVENT_NONE:  sleep a little, look again        break;
 *		}
 *	}
 *
 * Nothing here blocks. A reader that is too slow loses events and is told how many.
 */
#ifndef OBSERVE_REGION_RING_H
#define OBSERVE_REGION_RING_H

#include <stdbool.h>
#include <stdint.h>
#include "event.h"
#include "region.h"

enum events_from { EVENTS_FROM_OLDEST, EVENTS_FROM_NOW };
enum event_result { EVENT_NONE, EVENT_HERE, EVENT_GAP };

/**
 * struct ring_reader - a place in one ring
 * @at:   the next record, counted as struct vt_ring's head is
 * @last: ring_seq of the newest record that was read; @known: is that so?
 * @offset, @size: of the ring's memory, checked
 */
struct ring_reader {
	const struct region *region;
	enum vt_ring_kind kind;
	uint64_t at, last, offset, size;
	bool known;
};

/**
 * ring_reader_init() - Start to read a ring
 *
 * Return: 0, or -1 with @err filled when the region does not describe a ring there.
 */
int ring_reader_init(struct ring_reader *reader, const struct region *region,
		     enum vt_ring_kind kind, enum events_from from, struct error *err);

/** ring_head() - How far the writer is */
uint64_t ring_head(const struct ring_reader *reader);

/**
 * ring_next() - Read the next record before @horizon, a value of ring_head()
 * @lost: set for EVENT_GAP: events of this ring that were overwritten before they were read
 *
 * After EVENT_GAP, @event holds the first event behind the gap, as after EVENT_HERE.
 */
enum event_result ring_next(struct ring_reader *reader, uint64_t horizon, struct event *event,
			    uint64_t *lost);

/**
 * struct event_gap - events that are missing here
 * @ring: enum vt_ring_kind
 * @lost: how many
 */
struct event_gap {
	enum vt_ring_kind ring;
	uint64_t lost;
};

/**
 * struct event_reader - all rings, merged in the order in which things happened
 * @gap: of the last EVENT_GAP
 */
struct event_reader {
	struct event_gap gap;
	struct {
		struct ring_reader ring;
		struct event event; /* the next one of this ring */
		uint64_t lost;	    /* before it */
		bool held;
	} rings[VT_NR_RINGS];
	uint64_t horizon[VT_NR_RINGS];
};

/** event_reader_init() - Start to read; the structure is large (some 13 KiB) */
int event_reader_init(struct event_reader *reader, const struct region *region,
		      enum events_from from, struct error *err);

/**
 * event_next() - The next event of all, by seq
 *
 * Return: EVENT_HERE with @event filled, EVENT_GAP with @reader->gap filled, EVENT_NONE when all
 * has been read.
 */
enum event_result event_next(struct event_reader *reader, struct event *event);

#endif
