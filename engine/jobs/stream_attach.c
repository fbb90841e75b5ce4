// SPDX-License-Identifier: GPL-2.0-only
/* stream_attach.c - who is at the other side of a stream, and when nobody is
 *
 * Theory of operation
 * A stream can be without a descriptor for a while, until somebody attaches: input then stays in
 * the ring, output is swallowed. For a pause all threads are parked, so that nothing moves between
 * descriptors and rings, and what is in the rings can be kept.
 *
 * Host system calls: those of stream.c.
 */
#include <errno.h>
#include <unistd.h>
#include "stream_state.h"
#include "lib/clock.h"
#include "vitrine/util.h"

int stream_attach(uint32_t id, int fd, struct error *err)
{
	struct stream *stream = stream_at(id);
	int ret = 0;

	pthread_mutex_lock(&stream->lock);
	if (stream->state == STREAM_FREE || stream->config.fd >= 0) {
		ret = error_set(err, 0, "somebody has the command's streams already");
	} else if (stream->state == STREAM_OPEN || ring_used(&stream->ring)) {
		stream->config.fd = fd;
		stream->nowait = stream->attached = true;
		stream->stop = stream->parked = false;
		ret = stream_ring_make(stream, err) || stream_thread_start(stream, err) ? -1 : 0;
		if (ret)
			stream->config.fd = -1;
	}
	pthread_mutex_unlock(&stream->lock);
	return ret;
}

bool stream_freeze(uint32_t id, int timeout)
{
	const struct timespec deadline = clock_deadline(timeout);
	struct stream *stream = stream_at(id);
	bool parked;

	pthread_mutex_lock(&stream->lock);
	parked = stream->state == STREAM_FREE || !stream->threaded || stream->parked;
	if (!parked) {
		stream->frozen = true;
		stream_thread_wake(stream);
	}
	while (!parked && !pthread_cond_timedwait(&stream->change, &stream->lock, &deadline))
		parked = stream->parked;
	pthread_mutex_unlock(&stream->lock);
	return parked;
}

void stream_thaw(uint32_t id)
{
	struct stream *stream = stream_at(id);

	pthread_mutex_lock(&stream->lock);
	stream->frozen = false;
	pthread_cond_broadcast(&stream->change);
	pthread_mutex_unlock(&stream->lock);
}

size_t stream_peek(uint32_t id, void *buf, size_t size, bool *open)
{
	struct stream *stream = stream_at(id);
	struct ring ring; /* a copy: what is read stays */
	size_t len = 0;

	pthread_mutex_lock(&stream->lock);
	*open = stream->state == STREAM_OPEN;
	ring = stream->ring;
	if (ring.data && stream->state != STREAM_DEAD)
		len = ring_get(&ring, buf, size);
	pthread_mutex_unlock(&stream->lock);
	return len;
}

void stream_detach(uint32_t id)
{
	struct stream *stream = stream_at(id);

	pthread_mutex_lock(&stream->lock);
	stream_thread_stop(stream);
	pthread_mutex_unlock(&stream->lock);
	stream_thread_join(stream);
	pthread_mutex_lock(&stream->lock);
	stream->config.fd = -1;
	stream_pump_wake(stream);
	pthread_mutex_unlock(&stream->lock);
}
