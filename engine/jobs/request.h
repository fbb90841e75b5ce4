/* SPDX-License-Identifier: GPL-2.0-only */
/* request.h - ask the guest kernel's pid 1 to do something */
#ifndef ENGINE_JOBS_REQUEST_H
#define ENGINE_JOBS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/abi.h"

/**
 * struct reply - the answer to a request
 * @value: result, a negative errno on failure; -ESHUTDOWN when the sandbox ended first
 * @data:  @len bytes, owned by whoever has the struct; free() it
 */
struct reply {
	int64_t value;
	void *data;
	size_t len;
};

/**
 * request_post() - Queue a request without waiting
 * @kind: VT_REQ_*
 * @args: four arguments
 * @data: @len bytes (at most VT_REQ_DATA_MAX), copied; may be NULL
 * @done: called on the vCPU thread with the answer's value; may be NULL
 * @ctx:  for @done
 *
 * Return: 0 or a negative errno.
 */
int request_post(enum vt_request_kind kind, const uint64_t args[4], const void *data, size_t len,
		 void (*done)(void *ctx, int64_t value), void *ctx);

/**
 * request_call() - Queue a request and wait for the answer
 * @reply: filled, never NULL; the caller frees reply->data
 *
 * Context: any thread but the vCPU thread.
 * Return: reply->value.
 */
int64_t request_call(enum vt_request_kind kind, const uint64_t args[4], const void *data,
		     size_t len, struct reply *reply);

/**
 * request_call_within() - The same, but wait for @seconds at most
 *
 * A kernel that hangs never answers. The request is withdrawn when it was not fetched; otherwise it
 * may still be done, and nobody hears of it.
 *
 * Return: reply->value; -ETIMEDOUT when there was no answer.
 */
int64_t request_call_within(enum vt_request_kind kind, const uint64_t args[4], const void *data,
			    size_t len, unsigned seconds, struct reply *reply);

/**
 * request_stalled() - Has the guest kernel not fetched a request for seconds? Then it hangs.
 */
bool request_stalled(void);

/**
 * request_stop() - The guest is over: answer everything with -ESHUTDOWN, also from now on
 */
void request_stop(void);

/**
 * request_ops_fill() - Set request_next and request_done
 */
void request_ops_fill(struct vt_host_ops *ops);

#endif
