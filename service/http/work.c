// SPDX-License-Identifier: GPL-2.0-only
/* work.c - threads that work on requests
 *
 * Theory of operation
 * A handler may wait: for a sandbox, for a command in it, for a client that reads slowly. So each
 * request that is worked on has a thread. There are as many as are needed, up to a limit; beyond
 * it requests wait in a queue, and beyond that they are refused. A thread with nothing to do for a
 * while ends.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"
#include "request.h"
#include "server.h"
#include "vitrine/util.h"

#define THREADS_MAX 512
#define QUEUE_MAX 1024
#define IDLE_MS 10000
#define STACK (512 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static struct request *first, **last = &first;
static unsigned threads, idle, queued, working;

static void work_on(struct request *request)
{
	request->route->handler(request);
	if (request->upload)
		pipe_end(request->upload, false);
	if (!request->streams)
		request_publish(request);
	request_release(request);
}

static struct request *next(void)
{
	const struct timespec until = clock_deadline(IDLE_MS);
	struct request *request;

	idle++;
	while (!first) {
		if (pthread_cond_clockwait(&work, &lock, CLOCK_MONOTONIC, &until) && !first) {
			idle--;
			return NULL;
		}
	}
	idle--;
	request = first;
	first = request->next;
	if (!first)
		last = &first;
	queued--;
	return request;
}

static void *work_thread(void *unused)
{
	struct request *request;

	pthread_mutex_lock(&lock);
	while ((request = next())) {
		working++;
		pthread_mutex_unlock(&lock);
		work_on(request);
		pthread_mutex_lock(&lock);
		working--;
		pthread_cond_broadcast(&done);
	}
	threads--;
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* With the lock held */
static void thread_start(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, work_thread, NULL) == 0)
		threads++;
	pthread_attr_destroy(&attr);
}

int work_give(struct request *request)
{
	int ret = -1;

	pthread_mutex_lock(&lock);
	if (queued < QUEUE_MAX) {
		request->next = NULL;
		*last = request;
		last = &request->next;
		queued++;
		if (idle < queued && threads < THREADS_MAX)
			thread_start();
		if (threads) {
			pthread_cond_signal(&work);
			ret = 0;
		}
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

void work_stop(unsigned patience)
{
	const struct timespec until = clock_deadline(patience * 1000ULL);

	pthread_mutex_lock(&lock);
	while ((working || queued) &&
	       !pthread_cond_clockwait(&done, &lock, CLOCK_MONOTONIC, &until))
		;
	pthread_mutex_unlock(&lock);
}

unsigned work_count(void)
{
	unsigned count;

	pthread_mutex_lock(&lock);
	count = working;
	pthread_mutex_unlock(&lock);
	return count;
}
