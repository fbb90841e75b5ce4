// SPDX-License-Identifier: GPL-2.0-only
/* select.c - which of many events a reader with a limit gets
 *
 * Theory of operation
 * Two walks over the same events. The first counts what fits, by class. From that each class gets
 * its share of the room (shares()). The second takes of a class with n
 * events and a share of m those at which i * m / n grows: every n/m-th, however n and m are. What
 * is not taken is counted by kind and by system call. Only what is taken is encoded, so 50,000
 * events a second cost two comparisons each.
 */
#include "select.h"

#include <stdbool.h>
#include <stdio.h>

#include "event_json.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

struct class
{
	uint64_t count, share, seen;
};

struct omitted {
	uint64_t total, kinds[VT_NR_EVENT_KINDS], calls[VT_TELEMETRY_CALLS];
};

static const struct event *next_fitting(struct backlog_walk *walk, const struct selection *what)
{
	const struct event *event;

	while ((event = backlog_next(walk)) && event->head.seq <= what->until) {
		if (filter_fits(what->filter, event, what->standard))
			return event;
	}
	return NULL;
}

uint64_t select_count(const struct backlog *backlog, const struct selection *what)
{
	struct backlog_walk walk = backlog_begin(backlog, what->after);
	uint64_t count = 0;

	while (next_fitting(&walk, what))
		count++;
	return count;
}

uint64_t select_nth(const struct backlog *backlog, const struct selection *what, uint64_t n)
{
	struct backlog_walk walk = backlog_begin(backlog, what->after);
	const struct event *event = NULL;

	while (n && (event = next_fitting(&walk, what)))
		n--;
	return event ? event->head.seq : 0;
}

static bool taken(struct class *class)
{
	const uint64_t i = class->seen++;

	return (i + 1) * class->share / class->count > i * class->share / class->count;
}

static void omit(struct omitted *omitted, const struct event *event)
{
	const struct vt_event_syscall *call = event_syscall(event);

	omitted->total++;
	omitted->kinds[event->head.kind]++;
	if (call && call->nr >= 0 && call->nr < VT_TELEMETRY_CALLS)
		omitted->calls[call->nr]++;
}

static json_t *omitted_json(const struct omitted *omitted)
{
	json_t *kinds = json_object(), *calls = json_object();

	for (unsigned i = 0; i < VT_NR_EVENT_KINDS; i++) {
		if (omitted->kinds[i])
			json_object_set_new(kinds, name_of(NAMES_EVENT, i),
					    json_integer((json_int_t)omitted->kinds[i]));
	}
	for (unsigned i = 0; i < VT_TELEMETRY_CALLS; i++) {
		const char *name = call_name(i);
		char number[32];

		snprintf(number, sizeof(number), "syscall_%u", i);
		if (omitted->calls[i])
			json_object_set_new(calls, name ? name : number,
					    json_integer((json_int_t)omitted->calls[i]));
	}
	return json_pack("{s:I, s:o, s:o}", "total", (json_int_t)omitted->total, "kinds", kinds,
			 "calls", calls);
}

/*
 * Life has what it needs. Errors come before the rest, but leave it half of what is left: a feed of
 * nothing but errors would hide what they were errors among.
 */
static void shares(struct class classes[VT_NR_RINGS], uint64_t room)
{
	struct class *life = &classes[VT_RING_LIFE], *errors = &classes[VT_RING_ERRORS];
	struct class *routine = &classes[VT_RING_ROUTINE];
	uint64_t most;

	life->share = life->count < room ? life->count : room;
	room -= life->share;
	most = routine->count < room / 2 ? room - routine->count : room - room / 2;
	errors->share = errors->count < most ? errors->count : most;
	room -= errors->share;
	routine->share = routine->count < room ? routine->count : room;
}

json_t *select_events(const struct backlog *backlog, const struct selection *what, unsigned *chosen,
		      uint64_t *newest)
{
	struct backlog_walk walk = backlog_begin(backlog, what->after);
	struct class classes[VT_NR_RINGS] = { 0 };
	struct omitted omitted = { 0 };
	const struct event *event;
	uint64_t room = what->room;
	bool any = false;
	json_t *events;

	while ((event = next_fitting(&walk, what))) {
		classes[event->head.ring].count++;
		any = true;
	}
	*chosen = 0;
	if (!any)
		return NULL;
	shares(classes, room);
	events = json_array();
	walk = backlog_begin(backlog, what->after);
	while ((event = next_fitting(&walk, what))) {
		*newest = event->head.seq;
		if (!taken(&classes[event->head.ring])) {
			omit(&omitted, event);
			continue;
		}
		json_array_append_new(events, event_json(event, what->realtime_ns));
		++*chosen;
	}
	return json_pack("{s:o, s:o, s:i}", "events", events, "omitted",
			 omitted.total ? omitted_json(&omitted) : json_null(), "limit",
			 (int)what->limit);
}
