/* SPDX-License-Identifier: GPL-2.0-only */
/* fault.h - why a request is not done: a code out of one table, and a text for a person
 *
 * Clients look at the code, which the table turns into words of each protocol; the text may change.
 */
#ifndef SERVICE_FAULT_H
#define SERVICE_FAULT_H

#include "vitrine/error.h"

enum fault_code {
	FAULT_INTERNAL,
	FAULT_BAD_REQUEST,
	FAULT_UNAUTHENTICATED,
	FAULT_FORBIDDEN,
	FAULT_NOT_FOUND,
	FAULT_METHOD,
	FAULT_CONFLICT, /* the state forbids it */
	FAULT_EXISTS,
	FAULT_TOO_LARGE,
	FAULT_LIMIT,   /* of this key */
	FAULT_BUSY,    /* of this machine: later */
	FAULT_TIMEOUT, /* what was asked for took longer than it may */
	FAULT_SANDBOX_GONE,
	FAULT_UNAVAILABLE,
	FAULT_UNSUPPORTED,
	FAULT_RANGE,
	FAULT_NO_SPACE,
	FAULT_NCODES,
};

/**
 * struct fault_kind - a code in the words of the protocols
 * @status:  of HTTP
 * @code:    in our own errors
 * @connect: in those of the Connect protocol
 */
struct fault_kind {
	unsigned status;
	const char *code, *connect;
};
extern const struct fault_kind fault_kinds[FAULT_NCODES];

struct fault {
	enum fault_code code;
	char text[ERROR_TEXT_MAX];
};

/**
 * fault_set() - Say why
 *
 * Return: -1.
 */
int fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** fault_error() - The same of an error of ours */
int fault_error(struct fault *fault, enum fault_code code, const struct error *err);

#endif
