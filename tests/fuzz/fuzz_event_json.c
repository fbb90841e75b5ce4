// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_event_json.c - events of a hostile guest as JSON
 *
 * The input is one record: a struct vt_event and what follows. Whatever it is, what comes out is
 * JSON, and a filter looks at it without going astray.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "observe/events/event_json.h"
#include "observe/events/filter.h"
#include "vitrine/util.h"

static const char *lookup(const void *context, const char *name)
{
	return !strcmp(name, context) ? "1" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const parameters[] = { "errors", "slow_us", "pid", "comm" };
	cleanup_free struct event *event = NULL;
	cleanup_free char *text = NULL;
	struct filter filter;
	struct error err;
	json_t *json;

	size &= ~7UL;
	if (size < sizeof(struct vt_event) || size > VT_EVENT_MAX)
		return 0;
	/* No more memory than the record has */
	event = malloc(size);
	if (!event)
		return 0;
	memcpy(event, data, size);
	event->head.size = (uint32_t)size;
	event->head.comm[sizeof(event->head.comm) - 1] = 0;
	event->head.ring %= VT_NR_RINGS;
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (filter_parse(&filter, lookup, parameters[i], &err) == 0)
			filter_fits(&filter, event, ~0ULL);
	}
	json = event_json(event, 0);
	if (!json)
		return 0;
	text = json_dumps(json, JSON_COMPACT);
	assert(text);
	json_decref(json);
	json = json_loads(text, 0, NULL);
	assert(json_is_string(json_object_get(json, "text")));
	json_decref(json);
	return 0;
}
