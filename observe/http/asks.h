/* SPDX-License-Identifier: GPL-2.0-only */
/* asks.h - questions to the kernel, which take time, for requests, which do not wait */
#ifndef OBSERVE_HTTP_ASKS_H
#define OBSERVE_HTTP_ASKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "http.h"
#include "observe/api/ask.h"

#define ASKS_FRESH_NS 100000000ULL     /* an answer serves all who ask within this time */
#define ASKS_PATIENCE_NS 5000000000ULL /* then the requests are answered without the kernel */
#define ASKS_WAITING_MAX 64	       /* questions that wait for their turn */

/**
 * struct ask_answer - what a question came to
 * @response: is given to all who asked; with reference
 */
struct ask_answer {
	unsigned status;
	struct MHD_Response *response;
};

/**
 * typedef asker - Put a question to the kernel, on the worker's thread, and wait for the answer
 */
typedef struct ask_answer asker(void *context, const struct question *question);

struct asks {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct ask *list;
	asker *ask;
	void *context;
	uint64_t serial, changes;
	unsigned waiting;
	bool closing;
	pthread_t thread;
};

/**
 * asks_start() - Start the worker
 *
 * Return: 0, or -1 with @err filled.
 */
int asks_start(struct asks *asks, asker *ask, void *context, struct error *err);

/**
 * asks_answer() - Answer a request with a question's answer, now or when it is there
 * @question: zeroed where it is not filled
 *
 * For handlers, which are called again when it is: they call this again, with any question. 503
 * when the kernel takes too long or too many questions wait.
 */
enum MHD_Result asks_answer(struct asks *asks, struct request *request,
			    const struct question *question);

/**
 * asks_post() - Ask, and let nobody wait for it
 */
void asks_post(struct asks *asks, const struct question *question);

/**
 * asks_serial() - A number that no other question has
 */
uint64_t asks_serial(struct asks *asks);

/**
 * asks_changes() - How many questions have changed something: what was true before may not be now
 */
uint64_t asks_changes(struct asks *asks);

/**
 * asks_sweep() - Answer requests that have waited for too long
 */
void asks_sweep(struct asks *asks, uint64_t now_ns);

/**
 * asks_close() - Answer all requests that wait, and take no more
 *
 * The worker is not waited for: it may be waiting for the kernel.
 */
void asks_close(struct asks *asks);

#endif
