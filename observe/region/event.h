/* SPDX-License-Identifier: GPL-2.0-only */
/* event.h - one event, copied out of a ring and checked
 *
 * ring.c makes them: the record's head is whole, its size is that of the copy, and its name ends
 * with a NUL. What lies behind the head is reached through these functions, which check it.
 */
#ifndef OBSERVE_REGION_EVENT_H
#define OBSERVE_REGION_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/telemetry.h"

/** struct event - a record: @head.size bytes of @bytes are valid */
struct event {
	union {
		struct vt_event head;
		uint8_t bytes[VT_EVENT_MAX];
	};
};

/**
 * struct event_data - what was kept of one argument's memory
 * @arg:   index of the argument (0 to 5), or VT_DATA_RESULT; @index: in an array of strings
 * @bytes: @len bytes, anything; they are the first of @full
 */
struct event_data {
	unsigned arg, index;
	const uint8_t *bytes;
	size_t len, full;
};

/**
 * event_syscall() - What a VT_EVENT_SYSCALL says, NULL for other kinds and for torn records
 */
const struct vt_event_syscall *event_syscall(const struct event *event);

/**
 * event_data() - The memory that came with a VT_EVENT_SYSCALL, piece by piece
 * @at: 0 before the first call
 *
 * Return: true with @data filled, false when there is no more.
 */
bool event_data(const struct event *event, size_t *at, struct event_data *data);

/**
 * event_plain() - What any other event says, NULL for VT_EVENT_SYSCALL and for torn records
 */
const struct vt_event_plain *event_plain(const struct event *event);

/**
 * event_text() - The text of a plain event
 * @len: set to its length; it ends with no NUL and can hold any byte
 *
 * Return: the text, NULL when there is none.
 */
const char *event_text(const struct event *event, size_t *len);

#endif
