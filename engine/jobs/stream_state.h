/* SPDX-License-Identifier: GPL-2.0-only */
/* stream_state.h - a stream, for stream.c and stream_attach.c alone */
#ifndef ENGINE_JOBS_STREAM_STATE_H
#define ENGINE_JOBS_STREAM_STATE_H

#include <pthread.h>
#include "ring.h"
#include "stream.h"

enum stream_state {
	STREAM_FREE,
	STREAM_OPEN,
	STREAM_ENDED, /* no more bytes come in; what is in the ring still goes out */
	STREAM_DEAD,  /* nobody takes bytes any more */
	STREAM_NSTATES,
};

/**
 * struct stream - one direction
 * @lock:   protects everything below; never held across a system call that can block
 * @id:     who has it now: a pump that is late has another number
 * @change: the stream's thread waits here for the ring, stream_flush() for the end
 * @hungry: a pump has seen -EAGAIN and wants VT_IRQ_STREAM
 * @busy:   the thread is writing a span of the ring
 * @nowait: the descriptor takes RWF_NOWAIT
 * @attached: whoever takes its output may go, and the guest does not notice
 * @frozen: the thread is to touch neither ring nor descriptor; @parked: it does not
 * @error:  errno value of what lost output, 0 for none; a reader that left is none
 */
struct stream {
	pthread_mutex_t lock;
	pthread_cond_t change;
	pthread_t thread;
	struct stream_config config;
	struct ring ring;
	uint32_t id;
	enum stream_state state;
	bool threaded, hungry, busy, nowait, stop;
	bool frozen, parked, attached;
	int error;
	int wake_fd;
};

/* Who has it now, or had it last */
struct stream *stream_at(uint32_t id);

/* With the lock held: there is a ring, or no memory. Return: 0 or -1 */
int stream_ring_make(struct stream *stream, struct error *err);

/* With the lock held: start its thread; wake it, from wherever it waits; tell it to stop */
int stream_thread_start(struct stream *stream, struct error *err);
void stream_thread_wake(struct stream *stream);
void stream_thread_stop(struct stream *stream);

/* Wait for a thread that was told to stop */
void stream_thread_join(struct stream *stream);

/* With the lock held: the pump may find something new */
void stream_pump_wake(struct stream *stream);

#endif
