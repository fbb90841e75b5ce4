/* SPDX-License-Identifier: GPL-2.0-only */
/* calls.h - what syscalls.h says beside names and families, which are in names.h */
#ifndef OBSERVE_DECODE_CALLS_H
#define OBSERVE_DECODE_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/syscalls.h"

#define CALL_ARGS 6

/**
 * call_makes_fd() - Whether a system call's result is a descriptor
 * @nr: its number, any value
 */
bool call_makes_fd(int64_t nr);

/**
 * struct arg_capture - how the memory behind a kind of argument is kept
 * @capture: enum vt_capture
 * @size:    see there
 */
struct arg_capture {
	uint8_t capture;
	uint16_t size;
};

extern const struct arg_capture arg_capture[VT_NR_ARG_KINDS];

#endif
