// SPDX-License-Identifier: GPL-2.0-only
/* asks.c - questions to the kernel, which take time, for requests, which do not wait
 *
 * Theory of operation
 * One worker has the control connection and puts one question at a time. A request that asks what
 * is being asked already, or was answered a moment ago, gets the same answer: however many ask, the
 * guest's kernel works for one of them ten times a second. The answer is encoded by the worker too,
 * so that a megabyte of JSON does not hold the other connections up.
 *
 * A question's life: WAITING, ASKED, ANSWERED, and forgotten when nobody holds it and it is no
 * longer fresh. Requests that have waited for ASKS_PATIENCE_NS are answered with 503 while the
 * worker, which cannot know what the kernel does, waits on.
 *
 * Lock order: asks.lock, then the daemon's own.
 */
#include "asks.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "observe/api/session.h"
#include "vitrine/util.h"

enum ask_state { ASK_WAITING, ASK_ASKED, ASK_ANSWERED };

/**
 * struct ask - a question, and who waits for its answer
 * @users: requests that hold it, and the worker
 */
struct ask {
	struct ask *next;
	enum ask_state state;
	unsigned users;
	uint64_t made_ns, answered_ns;
	struct ask_answer answer;
	struct waiter *waiters;
	struct question question;
};

/**
 * struct waiter - a request's hold on a question
 * @listed: it is among the question's waiters
 */
struct waiter {
	struct waiter *next;
	struct asks *asks;
	struct ask *ask;
	struct request *request;
	bool listed, late;
};

static void ask_wake(struct ask *ask, bool late)
{
	while (ask->waiters) {
		struct waiter *waiter = ask->waiters;

		ask->waiters = waiter->next;
		waiter->listed = false;
		waiter->late = late;
		waiter->request->ready = true;
		http_resume(waiter->request);
	}
}

/* Forget what nobody needs any more */
static void collect(struct asks *asks, uint64_t now_ns)
{
	for (struct ask **at = &asks->list; *at;) {
		struct ask *ask = *at;

		if (ask->users || ask->state != ASK_ANSWERED ||
		    ask->answered_ns + ASKS_FRESH_NS > now_ns) {
			at = &ask->next;
			continue;
		}
		*at = ask->next;
		if (ask->answer.response)
			MHD_destroy_response(ask->answer.response);
		free(ask);
	}
}

/* What was answered before something changed is not the answer any more */
static void expire(struct asks *asks)
{
	for (struct ask *ask = asks->list; ask; ask = ask->next)
		ask->answered_ns = 0;
}

/* The oldest one stands last */
static struct ask *next_waiting(struct asks *asks)
{
	struct ask *found = NULL;

	for (struct ask *ask = asks->list; ask; ask = ask->next) {
		if (ask->state == ASK_WAITING)
			found = ask;
	}
	return found;
}

static void *work(void *context)
{
	struct asks *asks = context;

	pthread_mutex_lock(&asks->lock);
	while (!asks->closing) {
		struct ask *ask = next_waiting(asks);
		struct ask_answer answer;

		if (!ask) {
			pthread_cond_wait(&asks->more, &asks->lock);
			continue;
		}
		ask->state = ASK_ASKED;
		ask->users++;
		asks->waiting--;
		pthread_mutex_unlock(&asks->lock);
		answer = asks->ask(asks->context, &ask->question);
		pthread_mutex_lock(&asks->lock);
		if (ask->question.serial) {
			expire(asks);
			asks->changes++;
		}
		ask->answer = answer;
		ask->answered_ns = clock_now_ns();
		ask->state = ASK_ANSWERED;
		ask->users--;
		ask_wake(ask, false);
		collect(asks, ask->answered_ns);
	}
	pthread_mutex_unlock(&asks->lock);
	return NULL;
}

int asks_start(struct asks *asks, asker *ask, void *context, struct error *err)
{
	int ret;

	*asks = (struct asks){ .lock = PTHREAD_MUTEX_INITIALIZER,
			       .more = PTHREAD_COND_INITIALIZER,
			       .ask = ask,
			       .context = context };
	ret = pthread_create(&asks->thread, NULL, work, asks);
	return ret ? error_set(err, ret, "cannot start a thread") : 0;
}

/* With the lock held. NULL: no memory, or too many */
static struct ask *ask_get(struct asks *asks, const struct question *question)
{
	const uint64_t now = clock_now_ns();
	struct ask *ask;

	collect(asks, now);
	for (ask = asks->list; ask; ask = ask->next) {
		if (!memcmp(&ask->question, question, sizeof(*question)) &&
		    (ask->state != ASK_ANSWERED || ask->answered_ns + ASKS_FRESH_NS > now))
			return ask;
	}
	if (asks->waiting >= ASKS_WAITING_MAX || asks->closing)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return NULL;
	ask->question = *question;
	ask->made_ns = now;
	ask->next = asks->list;
	asks->list = ask;
	asks->waiting++;
	pthread_cond_signal(&asks->more);
	return ask;
}

static void release(void *pending)
{
	struct waiter *waiter = pending;

	pthread_mutex_lock(&waiter->asks->lock);
	for (struct waiter **at = &waiter->ask->waiters; *at; at = &(*at)->next) {
		if (*at == waiter) {
			*at = waiter->next;
			break;
		}
	}
	waiter->ask->users--;
	pthread_mutex_unlock(&waiter->asks->lock);
	free(waiter);
}

static struct waiter *waiter_new(struct asks *asks, struct request *request,
				 const struct question *question)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return NULL;
	*waiter =
	    (struct waiter){ .asks = asks, .ask = ask_get(asks, question), .request = request };
	if (!waiter->ask) {
		free(waiter);
		return NULL;
	}
	waiter->ask->users++;
	request->pending = waiter;
	request->release = release;
	return waiter;
}

enum MHD_Result asks_answer(struct asks *asks, struct request *request,
			    const struct question *question)
{
	struct waiter *waiter = request->pending;
	struct ask_answer answer = { 0 };
	bool wait = false;

	pthread_mutex_lock(&asks->lock);
	if (!waiter)
		waiter = waiter_new(asks, request, question);
	if (waiter && waiter->ask->state == ASK_ANSWERED) {
		answer = waiter->ask->answer;
	} else if (waiter && !waiter->late && !asks->closing) {
		wait = true;
		waiter->listed = true;
		waiter->next = waiter->ask->waiters;
		waiter->ask->waiters = waiter;
		http_defer(request);
	}
	pthread_mutex_unlock(&asks->lock);
	if (wait)
		return MHD_YES;
	if (!answer.response)
		return http_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				  "the guest's kernel does not answer");
	return MHD_queue_response(request->connection, answer.status, answer.response);
}

void asks_post(struct asks *asks, const struct question *question)
{
	pthread_mutex_lock(&asks->lock);
	ask_get(asks, question);
	pthread_mutex_unlock(&asks->lock);
}

uint64_t asks_serial(struct asks *asks)
{
	uint64_t serial;

	pthread_mutex_lock(&asks->lock);
	serial = ++asks->serial;
	pthread_mutex_unlock(&asks->lock);
	return serial;
}

uint64_t asks_changes(struct asks *asks)
{
	uint64_t changes;

	pthread_mutex_lock(&asks->lock);
	changes = asks->changes;
	pthread_mutex_unlock(&asks->lock);
	return changes;
}

void asks_sweep(struct asks *asks, uint64_t now_ns)
{
	pthread_mutex_lock(&asks->lock);
	for (struct ask *ask = asks->list; ask; ask = ask->next) {
		if (ask->state != ASK_ANSWERED && ask->made_ns + ASKS_PATIENCE_NS < now_ns)
			ask_wake(ask, true);
	}
	pthread_mutex_unlock(&asks->lock);
}

void asks_close(struct asks *asks)
{
	pthread_mutex_lock(&asks->lock);
	asks->closing = true;
	for (struct ask *ask = asks->list; ask; ask = ask->next)
		ask_wake(ask, true);
	pthread_cond_signal(&asks->more);
	pthread_mutex_unlock(&asks->lock);
}
