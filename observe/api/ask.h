/* SPDX-License-Identifier: GPL-2.0-only */
/* ask.h - questions that the guest's kernel answers, and what it said last when it is gone */
#ifndef OBSERVE_API_ASK_H
#define OBSERVE_API_ASK_H

#include <stdint.h>
#include <jansson.h>
#include "session.h"

#define ASK_PATH_MAX 4096

enum ask_kind { ASK_VIEW, ASK_OBSERVE, ASK_FOLLOW, ASK_SEEK, ASK_HOST };

/**
 * struct question - what is asked; equal ones are equal bytes
 * @view, @pid, @path: of ASK_VIEW
 * @call, @pid, @min_ns: of ASK_FOLLOW; call -1 and pid 0 mean any, VT_FOLLOW_OFF that none is
 *	    wanted any more
 * @time_ns: of ASK_SEEK
 *
 * ASK_HOST is answered by the sandbox's processes on the host, and not by its kernel.
 * @serial: makes a question that changes something different from all others
 */
struct question {
	enum ask_kind kind;
	uint32_t view, pid;
	int32_t call;
	uint64_t min_ns, time_ns, serial;
	char path[ASK_PATH_MAX + 1];
};

/**
 * ask_kernel() - Put a question to the kernel, and wait for the answer
 *
 * On the thread that has the observer. A session that has ended answers a view with what the kernel
 * said last, and says when that was.
 *
 * Return: what openapi.yaml promises, or NULL with @err filled: ESRCH and ENOENT when there is no
 * such thing, EINVAL for a bad question, EPIPE when the sandbox has ended, 0 when the kernel does
 * not answer.
 */
json_t *ask_kernel(struct session *session, const struct question *question, struct error *err);

/**
 * ask_next() - The view that the album wants next, so that it has all of them when the sandbox ends
 * @turn: counts the calls, from 0
 */
struct question ask_next(unsigned turn);

/** ask_rounds() - Calls of ask_next() until each view has had its turn */
unsigned ask_rounds(void);

#endif
