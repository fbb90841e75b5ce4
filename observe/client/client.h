/* SPDX-License-Identifier: GPL-2.0-only */
/* client.h - connect to a running sandbox and watch it
 *
 *	struct observer *o = observer_connect("web", &err);
 *	struct observe_wishes wishes = { .counters = true, .events = true };
 *	observer_wish(o, &wishes, &err);
 *	const struct region *region = observer_region(o);     see region.h, ring.h, samples.h
 *	char *json = observer_view(o, VT_VIEW_TASK, pid, 0, NULL, &len, &err);
 *	observer_close(o);
 *
 * An observer belongs to one thread at a time; what it maps can be read by any. What is switched
 * on for it is switched off when it is closed or its process dies.
 */
#ifndef OBSERVE_CLIENT_CLIENT_H
#define OBSERVE_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "observe/region/region.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

struct observer;

/**
 * struct observe_wishes - what the guest kernel is to record
 * @counters, @events, @sampler: VT_OBSERVE_*
 * @kinds:       bit per enum vt_event_kind; 0 for all of them
 * @calls:       VT_TELEMETRY_CALLS bits, those of calls whose events are wanted; NULL for all
 * @capture:     most bytes of a buffer with an event; negative for the usual number
 * @paths:       show what descriptors stand for
 * @interval_ms: between samples; 0 for the usual time
 *
 * More may be recorded, because another observer wants it.
 */
struct observe_wishes {
	bool counters, events, sampler, paths;
	uint64_t kinds;
	const uint64_t *calls;
	int capture;
	unsigned interval_ms;
};

/**
 * observer_connect() - Connect to a sandbox
 * @name: of the sandbox, or the process id of its supervisor
 *
 * Nothing is switched on yet, and there is no region before observer_wish().
 *
 * Return: an observer that observer_close() releases, or NULL.
 */
struct observer *observer_connect(const char *name, struct error *err);

void observer_close(struct observer *observer);

/**
 * observer_patience() - Say how long an answer may take
 * @seconds: 0 for as long as it likes; patience_seconds() when nothing was said
 *
 * The supervisor tells us itself when the guest's kernel does not answer. This is for one that is
 * stopped; the connection is over then.
 */
void observer_patience(const struct observer *observer, unsigned seconds);

/**
 * observer_only() - Name of the one sandbox that runs, for commands that were given none
 * @name: RUNDIR_NAME_MAX + 1 bytes
 *
 * Return: 0, or -1 with @err filled when there is none or more than one.
 */
int observer_only(char *name, struct error *err);

/**
 * observer_wish() - Say what to record from now on; replaces what was said before
 *
 * Returns when it is on. The first call maps the region.
 *
 * Return: 0 or -1.
 */
int observer_wish(struct observer *observer, const struct observe_wishes *wishes,
		  struct error *err);

/**
 * observer_region() - The region, NULL before observer_wish(); valid until observer_close()
 */
const struct region *observer_region(const struct observer *observer);

/**
 * observer_info() - What the sandbox says about itself
 *
 * Return: an object (name, pid, image, command, started, memory, main) that the caller releases,
 * or NULL.
 */
json_t *observer_info(struct observer *observer, struct error *err);

/**
 * observer_network() - Connections, requests and published ports, as the network's processes say
 *
 * Return: an object that the caller releases, or NULL: the sandbox may have no network.
 */
json_t *observer_network(struct observer *observer, struct error *err);

/**
 * observer_view() - Ask the kernel for a view
 * @view: enum vt_view
 * @pid, @arg: by view, or 0
 * @path: by view, or NULL
 * @len:  set to the length of the text
 *
 * Return: JSON text as the kernel made it, ended by a NUL, which the caller frees; NULL on failure.
 * Its contents are the guest's: parse it before it goes anywhere.
 */
char *observer_view(struct observer *observer, enum vt_view view, uint64_t pid, uint64_t arg,
		    const char *path, size_t *len, struct error *err);

/**
 * observer_follow() - Follow the next call that matches; VT_EVENT_FOLLOWED tells that it is there
 * @call:   number, or -1 for any
 * @pid:    of the thread, or 0 for any
 * @min_ns: calls that take less are not kept
 *
 * Return: 0 or -1.
 */
int observer_follow(struct observer *observer, int call, uint64_t pid, uint64_t min_ns,
		    struct error *err);

/**
 * observer_ended() - Is the sandbox over?
 */
bool observer_ended(const struct observer *observer);

/**
 * observer_fd() - For poll(): readable when the sandbox is over
 */
int observer_fd(const struct observer *observer);

/**
 * observer_name() - Name of the sandbox, by whatever it was found
 */
const char *observer_name(const struct observer *observer);

/**
 * observer_pid() - Host process id of the supervisor
 */
int observer_pid(const struct observer *observer);

#endif
