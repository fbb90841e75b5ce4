// SPDX-License-Identifier: GPL-2.0-only
/* iopool.c - host threads for work that may block
 *
 * Theory of operation
 * A vCPU thread must not sleep in a host operation, or the whole guest stands still. What may sleep
 * (a disk that has to be read, dirty page throttling, fdatasync) is queued here. Waking a thread on
 * another CPU costs about 40 microseconds until it runs, so devices try the cheap way first and
 * come here with the rest. A worker that is awake takes the next item without being woken, and
 * `wakeups` counts the sleepers that were signalled already, so that a burst of submissions does
 * not signal more threads than there is work.
 *
 * Threads are created once, before the supervisor's own seccomp filter is installed.
 *
 * Host system calls: futex; clone3, mmap, mprotect, rt_sigprocmask, sched_getaffinity when threads
 * start; munmap, madvise, exit when they end.
 */
#include "iopool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "engine/confine/confine.h"
#include "vitrine/util.h"

#define WORKERS_MAX 64
#define WORKER_STACK (256 * 1024)

struct iopool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct io_work *head, **tail;
	unsigned sleeping; /* workers in pthread_cond_wait() */
	unsigned wakeups;  /* of them, how many have been signalled */
	bool stop;
	unsigned count;
	pthread_t threads[WORKERS_MAX];
};

static struct io_work *next_work(struct iopool *pool)
{
	struct io_work *work;

	pthread_mutex_lock(&pool->lock);
	while (!pool->head && !pool->stop) {
		pool->sleeping++;
		pthread_cond_wait(&pool->wake, &pool->lock);
		pool->sleeping--;
		if (pool->wakeups)
			pool->wakeups--;
	}
	work = pool->head;
	if (work) {
		pool->head = work->next;
		if (!pool->head)
			pool->tail = &pool->head;
	}
	pthread_mutex_unlock(&pool->lock);
	return work;
}

static void *worker(void *arg)
{
	struct iopool *pool = arg;
	struct io_work *work;

	while ((work = next_work(pool)))
		work->run(work);
	return NULL;
}

void iopool_submit(struct iopool *pool, struct io_work *work)
{
	bool wake;

	work->next = NULL;
	pthread_mutex_lock(&pool->lock);
	*pool->tail = work;
	pool->tail = &work->next;
	wake = pool->sleeping > pool->wakeups;
	if (wake)
		pool->wakeups++;
	pthread_mutex_unlock(&pool->lock);

	if (wake)
		pthread_cond_signal(&pool->wake);
}

void iopool_free(struct iopool *pool)
{
	unsigned i;

	if (!pool)
		return;

	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);

	for (i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static int start_workers(struct iopool *pool, unsigned workers)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int ret = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	sigdelset(&all, SIGSEGV); /* a write to what is still a layer: engine/memory/base.c */
	sigdelset(&all, CONFINE_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (pool->count < workers && !ret) {
		ret = pthread_create(&pool->threads[pool->count], &attr, worker, pool);
		if (!ret)
			pool->count++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return ret;
}

struct iopool *iopool_new(unsigned workers, struct error *err)
{
	struct iopool *pool = calloc(1, sizeof(*pool));
	int ret;

	assert(workers >= 1 && workers <= WORKERS_MAX);
	if (!pool) {
		error_set(err, ENOMEM, "cannot start I/O threads");
		return NULL;
	}
	pool->tail = &pool->head;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);

	ret = start_workers(pool, workers);
	/* Fewer threads than wanted are slower, none is fatal */
	if (!pool->count) {
		error_set(err, ret, "cannot start I/O threads");
		iopool_free(pool);
		return NULL;
	}
	return pool;
}
