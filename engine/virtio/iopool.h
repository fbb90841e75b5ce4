/* SPDX-License-Identifier: GPL-2.0-only */
/* iopool.h - host threads for work that may block */
#ifndef ENGINE_VIRTIO_IOPOOL_H
#define ENGINE_VIRTIO_IOPOOL_H

#include "vitrine/error.h"

struct iopool;

/* Embedded in the request that it stands for; the pool never allocates */
struct io_work {
	struct io_work *next;
	void (*run)(struct io_work *work);
};

/**
 * iopool_new() - Start worker threads
 * @workers: number of threads, 1..64
 * @err:     set only on failure
 *
 * The threads block all signals and inherit the caller's CPU affinity.
 *
 * Return: the pool, or NULL.
 */
struct iopool *iopool_new(unsigned workers, struct error *err);

/**
 * iopool_submit() - Run work->run(work) on a worker
 * @pool: the pool
 * @work: owned by the pool until its run function is called
 *
 * Work starts in the order of submission and may finish in any. Never blocks and never allocates.
 */
void iopool_submit(struct iopool *pool, struct io_work *work);

/**
 * iopool_free() - Finish everything that was submitted, then end the threads
 * @pool: may be NULL
 */
void iopool_free(struct iopool *pool);

#endif
