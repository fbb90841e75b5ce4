/* SPDX-License-Identifier: GPL-2.0-only */
/* event_json.h - an event of the rings as a JSON object */
#ifndef OBSERVE_EVENTS_EVENT_JSON_H
#define OBSERVE_EVENTS_EVENT_JSON_H

#include <stdint.h>
#include <jansson.h>
#include "observe/region/event.h"

/**
 * event_json() - The Event of web/openapi.yaml
 * @event:       a whole record that filter_fits() has accepted; its contents are the guest's
 * @realtime_ns: wall clock minus monotonic
 *
 * Return: a new object, NULL without memory.
 */
json_t *event_json(const struct event *event, int64_t realtime_ns);

/**
 * time_ms() - A monotonic time as wall clock milliseconds, with a fraction of microseconds
 */
json_t *time_ms(uint64_t time_ns, int64_t realtime_ns);

#endif
