/* SPDX-License-Identifier: GPL-2.0-only */
/* orders.h - what clients may POST, checked */
#ifndef OBSERVE_API_ORDERS_H
#define OBSERVE_API_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"
#include "vitrine/telemetry.h"

#define CONTROL_INTERVAL_MS 100
#define CONTROL_INTERVAL_MIN 20
#define CONTROL_INTERVAL_MAX 10000
#define CONTROL_CAPTURE_MAX 1024

enum control_action {
	CONTROL_PAUSE,
	CONTROL_RESUME,
	CONTROL_RATE,
	CONTROL_TRACING,
	CONTROL_SEEK,
	CONTROL_NACTIONS,
};

/**
 * struct control - POST /api/control
 * @has_kinds, @has_calls, @has_capture, @has_paths: was said; else it stays as it is by default
 * @time_ms: where a recording is to stand, since 1970
 * @kinds: bit per enum vt_event_kind
 */
struct control {
	enum control_action action;
	unsigned interval_ms, capture;
	bool enabled, paths, has_kinds, has_calls, has_capture, has_paths;
	uint64_t kinds, calls[VT_TELEMETRY_CALLS / 64];
	double time_ms;
};

/**
 * struct follow_request - POST /api/follow
 * @call: number, -1 for any, VT_FOLLOW_OFF to wait for none any more; @pid: 0 for any
 */
struct follow_request {
	int call;
	uint32_t pid;
	uint64_t min_ns;
};

/**
 * control_parse() - Parse a POST's body
 * @text: the client's, @len bytes
 *
 * Return: 0, or -1 with @err filled: a member is missing, unknown, of another type or out of range.
 */
int control_parse(const char *text, size_t len, struct control *control, struct error *err);
int follow_parse(const char *text, size_t len, struct follow_request *follow, struct error *err);

#endif
