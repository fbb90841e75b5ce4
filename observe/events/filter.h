/* SPDX-License-Identifier: GPL-2.0-only */
/* filter.h - which events a reader of /api/events wants */
#ifndef OBSERVE_EVENTS_FILTER_H
#define OBSERVE_EVENTS_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "observe/region/event.h"
#include "vitrine/error.h"

#define FILTER_LIMIT 500
#define FILTER_LIMIT_MAX 20000
#define FILTER_COMM_MAX 64

enum samples { SAMPLES_NONE, SAMPLES_FINE, SAMPLES_COARSE, SAMPLES_COUNT };

/**
 * struct filter - a reader's wishes; equal ones are equal bytes
 * @kinds:   bit per enum vt_event_kind; 0: what is recorded by default
 * @calls:   bit per system call, if @by_call
 * @comm:    part of the task's name
 * @slow_ns: least duration; events without one do not fit then
 * @limit:   events a second
 */
struct filter {
	uint64_t kinds, calls[VT_TELEMETRY_CALLS / 64], slow_ns;
	uint32_t pid, limit;
	bool by_call, by_pid, errors;
	enum samples samples;
	char comm[FILTER_COMM_MAX];
};

/**
 * typedef filter_lookup - A query's parameter
 *
 * Return: its value, NULL when the query does not have it.
 */
typedef const char *filter_lookup(const void *context, const char *name);

/**
 * filter_parse() - Make a filter from a query
 * @filter: filled
 * @lookup: finds parameters; their values are the client's
 * @err:    filled on failure: which one is wrong, and how
 *
 * Return: 0 or -1.
 */
int filter_parse(struct filter *filter, filter_lookup *lookup, const void *context,
		 struct error *err);

/**
 * filter_kinds() - Parse a list of kinds ("exec,exit")
 *
 * Return: 0, or -1 with @err filled.
 */
int filter_kinds(const char *list, uint64_t *kinds, struct error *err);

/**
 * filter_fits() - Does the reader want this event?
 * @event:    a whole record: no more than head.size bytes of it are looked at
 * @standard: kinds that count when the filter names none
 */
bool filter_fits(const struct filter *filter, const struct event *event, uint64_t standard);

/**
 * filter_rings() - Which classes the reader's events can come from
 * @standard: as for filter_fits()
 *
 * Return: bit per enum vt_ring_kind.
 */
unsigned filter_rings(const struct filter *filter, uint64_t standard);

/**
 * event_duration() - Nanoseconds that an event tells of, 0 when it has none
 */
uint64_t event_duration(const struct event *event);

#endif
