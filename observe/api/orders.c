// SPDX-License-Identifier: GPL-2.0-only
/* orders.c - what clients may POST, checked
 *
 * Objects are described by tables, as the control socket's messages are (engine/control/message.c),
 * but stricter: a member that nobody knows is an error, because the client's author wants to hear
 * of his spelling mistakes.
 */
#include "orders.h"

#include <errno.h>
#include <string.h>
#include <jansson.h>

#include "observe/region/names.h"
#include "vitrine/util.h"

#define NAMES_MAX 512
#define PID_MAX 4194304

typedef int setter(void *target, const json_t *value, struct error *err);

struct member {
	const char *name;
	setter *set;
	unsigned actions; /* bit per enum control_action that has it */
	bool required;
};

static const char *const action_name[] = {
	[CONTROL_PAUSE] = "pause",     [CONTROL_RESUME] = "resume", [CONTROL_RATE] = "rate",
	[CONTROL_TRACING] = "tracing", [CONTROL_SEEK] = "seek",
};
static_assert(ARRAY_SIZE(action_name) == CONTROL_NACTIONS, "action_name[]");

static int number(const json_t *value, json_int_t min, json_int_t max, json_int_t *result,
		  struct error *err)
{
	*result = json_integer_value(value);
	if (!json_is_integer(value) || *result < min || *result > max)
		return error_set(err, 0, "not a number from %lld to %lld", (long long)min,
				 (long long)max);
	return 0;
}

static int set_action(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;
	const char *name = json_string_value(value);

	for (unsigned i = 0; name && i < CONTROL_NACTIONS; i++) {
		if (!strcmp(name, action_name[i])) {
			control->action = i;
			return 0;
		}
	}
	return error_set(err, 0, "pause, resume, rate, tracing or seek");
}

static int set_interval(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;
	json_int_t ms;

	if (number(value, CONTROL_INTERVAL_MIN, CONTROL_INTERVAL_MAX, &ms, err) < 0)
		return -1;
	control->interval_ms = (unsigned)ms;
	return 0;
}

static int set_time(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;

	control->time_ms = json_number_value(value);
	if (!json_is_number(value) || !(control->time_ms >= 0 && control->time_ms < 1e15))
		return error_set(err, 0, "not a number of milliseconds");
	return 0;
}

static int set_enabled(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;

	control->enabled = json_is_true(value);
	return json_is_boolean(value) ? 0 : error_set(err, 0, "neither true nor false");
}

static int set_paths(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;

	control->paths = json_is_true(value);
	control->has_paths = true;
	return json_is_boolean(value) ? 0 : error_set(err, 0, "neither true nor false");
}

static int set_capture(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;
	json_int_t bytes;

	if (number(value, 0, CONTROL_CAPTURE_MAX, &bytes, err) < 0)
		return -1;
	control->capture = (unsigned)bytes;
	control->has_capture = true;
	return 0;
}

static int names_check(const json_t *value, struct error *err)
{
	if (!json_is_array(value) || json_array_size(value) > NAMES_MAX)
		return error_set(err, 0, "not an array of at most %d names", NAMES_MAX);
	return 0;
}

static int set_kinds(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;

	if (names_check(value, err) < 0)
		return -1;
	control->has_kinds = true;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *name = json_string_value(json_array_get(value, i));
		int kind = name ? name_find(NAMES_EVENT, name) : -1;

		if (kind <= VT_EVENT_PAD)
			return error_set(err, 0, "'%.32s' is no kind of event", name ? name : "");
		control->kinds |= 1ULL << kind;
	}
	return 0;
}

static int set_calls(void *target, const json_t *value, struct error *err)
{
	struct control *control = target;

	if (names_check(value, err) < 0)
		return -1;
	control->has_calls = true;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *name = json_string_value(json_array_get(value, i));
		int nr = name ? call_find(name) : -1;

		if (nr < 0 || nr >= VT_TELEMETRY_CALLS)
			return error_set(err, 0, "'%.32s' is no system call", name ? name : "");
		control->calls[nr / 64] |= 1ULL << (nr % 64);
	}
	return 0;
}

static int set_call(void *target, const json_t *value, struct error *err)
{
	struct follow_request *follow = target;
	const char *name = json_string_value(value);

	if (json_is_null(value))
		return 0;
	follow->call = name ? call_find(name) : -1;
	return follow->call >= 0 ? 0 : error_set(err, 0, "no system call has this name");
}

static int set_pid(void *target, const json_t *value, struct error *err)
{
	struct follow_request *follow = target;
	json_int_t pid;

	if (json_is_null(value))
		return 0;
	if (number(value, 1, PID_MAX, &pid, err) < 0)
		return -1;
	follow->pid = (uint32_t)pid;
	return 0;
}

static int set_min(void *target, const json_t *value, struct error *err)
{
	struct follow_request *follow = target;
	json_int_t ns;

	if (number(value, 0, INT64_MAX, &ns, err) < 0)
		return -1;
	follow->min_ns = (uint64_t)ns;
	return 0;
}

static int set_off(void *target, const json_t *value, struct error *err)
{
	struct follow_request *follow = target;

	if (json_is_true(value))
		follow->call = VT_FOLLOW_OFF;
	return json_is_boolean(value) ? 0 : error_set(err, 0, "neither true nor false");
}

#define EVERY (~0U)
#define ONLY(action) (1U << (action))

static const struct member control_members[] = {
	{ "action", set_action, EVERY, true }, /* first: the others depend on it */
	{ "interval_ms", set_interval, ONLY(CONTROL_RATE), true },
	{ "time_ms", set_time, ONLY(CONTROL_SEEK), true },
	{ "enabled", set_enabled, ONLY(CONTROL_TRACING), true },
	{ "kinds", set_kinds, ONLY(CONTROL_TRACING), false },
	{ "calls", set_calls, ONLY(CONTROL_TRACING), false },
	{ "capture", set_capture, ONLY(CONTROL_TRACING), false },
	{ "paths", set_paths, ONLY(CONTROL_TRACING), false },
};

static const struct member follow_members[] = {
	{ "call", set_call, EVERY, false },
	{ "pid", set_pid, EVERY, false },
	{ "min_ns", set_min, EVERY, false },
	{ "off", set_off, EVERY, false }, /* last: it has the last word */
};

static int members_parse(const json_t *object, const struct member *members, size_t count,
			 void *target, const enum control_action *action, struct error *err)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, members[i].name);
		struct error why = { 0 };

		/* @action is set once the first member is */
		if (i && action && !(members[i].actions & ONLY(*action)))
			continue;
		if (!value && members[i].required)
			return error_set(err, 0, "%s is missing", members[i].name);
		if (value && members[i].set(target, value, &why) < 0)
			return error_set(err, 0, "%s: %.200s", members[i].name, why.text);
		known += value != NULL;
	}
	if (known != json_object_size(object))
		return error_set(err, 0, "a member does not belong here");
	return 0;
}

static json_t *object_parse(const char *text, size_t len, struct error *err)
{
	json_error_t why;
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);

	if (!object) {
		error_set(err, 0, "not JSON: %.100s", why.text);
		return NULL;
	}
	if (!json_is_object(object)) {
		error_set(err, 0, "not an object");
		json_decref(steal_ptr(object));
	}
	return object;
}

int control_parse(const char *text, size_t len, struct control *control, struct error *err)
{
	json_t *object = object_parse(text, len, err);
	int ret;

	memset(control, 0, sizeof(*control));
	if (!object)
		return -1;
	ret = members_parse(object, control_members, ARRAY_SIZE(control_members), control,
			    &control->action, err);
	json_decref(object);
	return ret;
}

int follow_parse(const char *text, size_t len, struct follow_request *follow, struct error *err)
{
	json_t *object = object_parse(text, len, err);
	int ret;

	*follow = (struct follow_request){ .call = -1 };
	if (!object)
		return -1;
	ret = members_parse(object, follow_members, ARRAY_SIZE(follow_members), follow, NULL, err);
	json_decref(object);
	return ret;
}
