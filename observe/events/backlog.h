/* SPDX-License-Identifier: GPL-2.0-only */
/* backlog.h - the newest events, for readers that come back */
#ifndef OBSERVE_EVENTS_BACKLOG_H
#define OBSERVE_EVENTS_BACKLOG_H

#include <stddef.h>
#include <stdint.h>
#include "observe/region/event.h"
#include "vitrine/error.h"

struct backlog_slot {
	uint64_t seq, offset;
};

/**
 * struct backlog_ring - events of one class, in order of seq
 * @data:    records, each whole; offsets count from the beginning of time
 * @first, @end: of the slots in use, likewise
 * @missing: seq of the newest event that is not here any more, or never was
 */
struct backlog_ring {
	uint8_t *data;
	struct backlog_slot *slots;
	uint64_t size, nslots, head, tail, first, end, missing;
};

struct backlog {
	struct backlog_ring rings[VT_NR_RINGS];
	uint64_t newest;
};

/**
 * backlog_init() - Get memory
 * @backlog: release with backlog_free(), whatever is returned
 * @err:     filled on failure
 *
 * Return: 0 or -1.
 */
int backlog_init(struct backlog *backlog, struct error *err);

void backlog_free(struct backlog *backlog);

/** backlog_clear() - Forget everything; the memory stays */
void backlog_clear(struct backlog *backlog);

/**
 * backlog_add() - Keep a copy of an event, and forget the oldest of its class if need be
 * @event: whole record: size is a multiple of 8 from the head's to VT_EVENT_MAX, ring is valid, seq
 *         greater than of all before in that ring
 */
void backlog_add(struct backlog *backlog, const struct event *event);

/**
 * backlog_lose() - Note that events of a class up to @seq were never seen
 */
void backlog_lose(struct backlog *backlog, unsigned ring, uint64_t seq);

/**
 * backlog_missing() - Newest seq that a reader who has seen up to @after cannot get any more
 * @rings: bit per class whose events he wants
 *
 * Return: it, or 0 when all is there.
 */
uint64_t backlog_missing(const struct backlog *backlog, uint64_t after, unsigned rings);

#define BACKLOG_ALL ((1U << VT_NR_RINGS) - 1)

/**
 * backlog_oldest() - Seq that a reader can begin with and miss nothing
 */
uint64_t backlog_oldest(const struct backlog *backlog);

/**
 * struct backlog_walk - a way through all classes in order of seq
 */
struct backlog_walk {
	const struct backlog *backlog;
	uint64_t at[VT_NR_RINGS];
};

/**
 * backlog_begin() - Begin behind @after
 */
struct backlog_walk backlog_begin(const struct backlog *backlog, uint64_t after);

/**
 * backlog_next() - The next event, or NULL
 *
 * Of the structure only the record itself is there: head.size bytes, until something is added.
 */
const struct event *backlog_next(struct backlog_walk *walk);

#endif
