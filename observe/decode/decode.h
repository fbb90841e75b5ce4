/* SPDX-License-Identifier: GPL-2.0-only */
/* decode.h - system calls as text, the way strace writes them
 *
 *	struct call call;
 *
 *	if (call_parse(&call, event, &options))
 *		call_text(&text, &call);      openat(AT_FDCWD, "x", O_RDONLY) = 3
 *
 * Everything comes from a guest. What is written is printable ASCII, whatever the event holds.
 */
#ifndef OBSERVE_DECODE_DECODE_H
#define OBSERVE_DECODE_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include "calls.h"
#include "observe/region/event.h"
#include "observe/text/text.h"

/**
 * struct decode_options - how to show calls
 * @string_max: most bytes of a string that are shown; paths are shown whole
 * @paths:      show what descriptors stand for: 3</root/x>
 */
struct decode_options {
	unsigned string_max;
	bool paths;
};

#define CALL_DATA_MAX 64

/**
 * struct call - a system call that happened; points into the event
 * @nr, @args, @result, @duration_ns: see struct vt_event_syscall
 * @no_return: there is no result
 * @data: what was kept of its memory
 */
struct call {
	int64_t nr;
	uint64_t args[CALL_ARGS];
	int64_t result;
	uint64_t duration_ns;
	uint8_t disposition;
	bool no_return;
	unsigned ndata;
	const struct decode_options *options;
	struct event_data data[CALL_DATA_MAX];
};

/**
 * call_parse() - Take a VT_EVENT_SYSCALL apart
 * @event, @options: outlive @call
 *
 * Return: false when the event is none, or is torn.
 */
bool call_parse(struct call *call, const struct event *event, const struct decode_options *options);

/**
 * call_failed() - Whether the program saw an error
 */
bool call_failed(const struct call *call);

/**
 * call_text() - The whole call: name, arguments, result, padded as strace does
 * @from: where the line begins in @t, for the column of the result
 */
void call_text(struct text *t, const struct call *call, size_t from);

/**
 * call_name_text() - The name, "syscall_0x1ff" for a number that has none
 */
void call_name_text(struct text *t, const struct call *call);

/**
 * call_shown() - How many arguments there are to show, by what the call does with them
 */
unsigned call_shown(const struct call *call);

/**
 * call_argument_text() - One argument
 * @arg: less than call_shown()
 */
void call_argument_text(struct text *t, const struct call *call, unsigned arg);

/**
 * call_result_text() - What comes behind the equals sign
 */
void call_result_text(struct text *t, const struct call *call);

/**
 * call_path() - A path that a call was given, or that stands for one of its descriptors
 * @index: which of them, from 0
 * @path:  @len bytes of the guest's, with no NUL at the end
 *
 * Return: false when there are no more.
 */
bool call_path(const struct call *call, unsigned index, const char **path, size_t *len);

#endif
