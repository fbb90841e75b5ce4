// SPDX-License-Identifier: GPL-2.0-only
/* pipe.c - bytes between a connection, which never waits, and a thread, which may */
#include "pipe.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

/**
 * struct pipe - one direction
 * @head, @tail: bytes that went in and out, ever
 * @waits: the connection is suspended for us
 * @ended: by the writer; @cut: and not as it should be; @left: the connection is over
 */
struct pipe {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct MHD_Connection *connection;
	size_t head, tail;
	bool waits, ended, cut, left;
	char data[PIPE_SIZE];
};

struct pipe *pipe_make(struct MHD_Connection *connection)
{
	struct pipe *pipe = malloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	memset(pipe, 0, offsetof(struct pipe, data));
	pthread_mutex_init(&pipe->lock, NULL);
	pthread_cond_init(&pipe->change, NULL);
	pipe->connection = connection;
	return pipe;
}

void pipe_free(struct pipe *pipe)
{
	if (!pipe)
		return;
	pthread_mutex_destroy(&pipe->lock);
	pthread_cond_destroy(&pipe->change);
	free(pipe);
}

static size_t in(struct pipe *pipe, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len && pipe->head - pipe->tail < PIPE_SIZE) {
		size_t at = pipe->head % PIPE_SIZE, room = PIPE_SIZE - (pipe->head - pipe->tail);
		size_t n = len - done < room ? len - done : room;

		if (n > PIPE_SIZE - at)
			n = PIPE_SIZE - at;
		memcpy(pipe->data + at, data + done, n);
		pipe->head += n;
		done += n;
	}
	return done;
}

static size_t out(struct pipe *pipe, char *data, size_t size)
{
	size_t done = 0;

	while (done < size && pipe->head > pipe->tail) {
		size_t at = pipe->tail % PIPE_SIZE, used = pipe->head - pipe->tail;
		size_t n = size - done < used ? size - done : used;

		if (n > PIPE_SIZE - at)
			n = PIPE_SIZE - at;
		memcpy(data + done, pipe->data + at, n);
		pipe->tail += n;
		done += n;
	}
	return done;
}

/* With the lock held */
static void let_go_on(struct pipe *pipe)
{
	if (pipe->waits && !pipe->left)
		MHD_resume_connection(pipe->connection);
	pipe->waits = false;
}

int pipe_write(struct pipe *pipe, const void *data, size_t len)
{
	size_t done = 0;
	bool left;

	pthread_mutex_lock(&pipe->lock);
	while (!pipe->left && done < len) {
		done += in(pipe, (const char *)data + done, len - done);
		let_go_on(pipe);
		if (done < len)
			pthread_cond_wait(&pipe->change, &pipe->lock);
	}
	left = pipe->left;
	pthread_mutex_unlock(&pipe->lock);
	return left ? -1 : 0;
}

ssize_t pipe_read(struct pipe *pipe, void *data, size_t size, int ms)
{
	const struct timespec until = clock_deadline((uint64_t)ms);
	ssize_t n = -1;

	pthread_mutex_lock(&pipe->lock);
	for (;;) {
		if (pipe->head > pipe->tail)
			n = (ssize_t)out(pipe, data, size);
		else if (pipe->ended && !pipe->cut)
			n = 0;
		else if (!pipe->left && !pipe->cut &&
			 !pthread_cond_clockwait(&pipe->change, &pipe->lock, CLOCK_MONOTONIC,
						 &until))
			continue;
		break;
	}
	if (n > 0)
		let_go_on(pipe);
	pthread_mutex_unlock(&pipe->lock);
	return n;
}

void pipe_end(struct pipe *pipe, bool cut)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->ended = true;
	pipe->cut |= cut;
	let_go_on(pipe);
	pthread_cond_broadcast(&pipe->change);
	pthread_mutex_unlock(&pipe->lock);
}

size_t pipe_put(struct pipe *pipe, const void *data, size_t len)
{
	size_t done;

	pthread_mutex_lock(&pipe->lock);
	done = pipe->ended ? len : in(pipe, data, len); /* the reader wants no more */
	if (done < len) {
		MHD_suspend_connection(pipe->connection);
		pipe->waits = true;
	}
	pthread_cond_broadcast(&pipe->change);
	pthread_mutex_unlock(&pipe->lock);
	return done;
}

ssize_t pipe_get(struct pipe *pipe, void *data, size_t size)
{
	ssize_t n = 0;

	pthread_mutex_lock(&pipe->lock);
	n = (ssize_t)out(pipe, data, size);
	if (n)
		pthread_cond_broadcast(&pipe->change);
	else if (pipe->ended)
		n = pipe->cut ? PIPE_CUT : PIPE_END;
	else {
		MHD_suspend_connection(pipe->connection);
		pipe->waits = true;
	}
	pthread_mutex_unlock(&pipe->lock);
	return n;
}

void pipe_leave(struct pipe *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->left = true;
	pthread_cond_broadcast(&pipe->change);
	pthread_mutex_unlock(&pipe->lock);
}
