/* SPDX-License-Identifier: GPL-2.0-only */
/* request.h - ask the guest kernel to do something */
#ifndef ENGINE_JOBS_REQUEST_H
#define ENGINE_JOBS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/abi.h"

#define REQUEST_PATIENCE 30 /* seconds; a kernel that is busy takes one or two */

/**
 * struct question - what is asked
 * @head: @head_len bytes, the structure of this kind of request (vitrine/abi.h); NULL for none
 * @rest: @rest_len bytes that follow it; NULL for none
 *
 * Both are copied, and are VT_REQ_DATA_MAX bytes at most.
 */
struct question {
	enum vt_request_kind kind;
	const void *head;
	size_t head_len;
	const void *rest;
	size_t rest_len;
};

#define QUESTION(kind_, head_) .kind = (kind_), .head = (head_), .head_len = sizeof(*(head_))

/**
 * struct patience - how long an answer is waited for
 * @seconds: at most
 * @peer:    a socket: not any more once its other end is closed; -1 for none
 */
struct patience {
	unsigned seconds;
	int peer;
};

/**
 * struct reply - the answer to a request
 * @value: result, a negative errno on failure: -ESHUTDOWN when the sandbox ended first, -ETIMEDOUT
 *         and -ECANCELED when patience did
 * @data:  @len bytes, owned by whoever has the struct; free() it
 */
struct reply {
	int64_t value;
	void *data;
	size_t len;
};

/**
 * request_post() - Queue a request without waiting
 * @done: called on the vCPU thread with the answer's value; may be NULL
 * @ctx:  for @done
 *
 * Return: 0 or a negative errno.
 */
int request_post(const struct question *question, void (*done)(void *ctx, int64_t value),
		 void *ctx);

/**
 * request_call() - Queue a request and wait for the answer
 * @reply: filled, never NULL; the caller frees reply->data
 *
 * A guest can keep its kernel from answering. The request is withdrawn when it was not fetched;
 * otherwise it may still be done, and nobody hears of it.
 *
 * Context: any thread but the vCPU thread.
 * Return: reply->value.
 */
int64_t request_call(const struct question *question, const struct patience *patience,
		     struct reply *reply);

/**
 * request_stalled() - Has the guest kernel not fetched a request for seconds? Then it hangs.
 */
bool request_stalled(void);

/**
 * request_numbers() - The number of the last request
 * @from: those that follow are to be higher than this: the kernel may still answer somebody else's
 */
uint64_t request_numbers(uint64_t from);

/**
 * request_stop() - The guest is over: answer everything with -ESHUTDOWN, also from now on
 */
void request_stop(void);

/**
 * request_ops_fill() - Set request_next and request_done
 */
void request_ops_fill(struct vt_host_ops *ops);

#endif
