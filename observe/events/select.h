/* SPDX-License-Identifier: GPL-2.0-only */
/* select.h - which of many events a reader with a limit gets */
#ifndef OBSERVE_EVENTS_SELECT_H
#define OBSERVE_EVENTS_SELECT_H

#include <stdint.h>
#include <jansson.h>
#include "backlog.h"
#include "filter.h"

/**
 * struct selection - where to choose from, and how much
 * @filter:   what fits
 * @standard: kinds for a filter that names none
 * @after, @until: seq: behind the one, up to the other
 * @room:     most events
 * @limit:    the reader's events a second, to be shown
 * @realtime_ns: wall clock minus monotonic
 */
struct selection {
	const struct filter *filter;
	uint64_t standard, after, until;
	unsigned room, limit;
	int64_t realtime_ns;
};

/**
 * select_events() - Choose and encode
 * @backlog: not changed meanwhile
 * @what:    from where, and how much
 * @chosen:  gets the number of events; @newest: the seq of the last one
 *
 * Life goes first; errors and the others share what is left, errors with at least half of it. Of a
 * class that has too many an even sample is taken. Who is left out is counted.
 *
 * Return: a new StreamEvents object, or NULL when nothing fits.
 */
json_t *select_events(const struct backlog *backlog, const struct selection *what, unsigned *chosen,
		      uint64_t *newest);

/** select_count() - How many events fit, of those behind @what->after */
uint64_t select_count(const struct backlog *backlog, const struct selection *what);

/** select_nth() - The seq of the @n-th of them, from 1; 0 when there are not so many */
uint64_t select_nth(const struct backlog *backlog, const struct selection *what, uint64_t n);

#endif
