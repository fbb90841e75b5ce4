// SPDX-License-Identifier: GPL-2.0-only
/* stream.c - byte streams between host descriptors and guest processes
 *
 * Theory of operation
 * The kernel's pumps run on the vCPU thread and must not block, the descriptors were inherited and
 * must not be made non-blocking (they are shared with our parent). So each stream has a thread that
 * blocks in poll(), read() or write() and a ring between the two; VT_IRQ_STREAM tells the pumps
 * that a ring which had disappointed them has changed.
 *
 * A wake-up of the other thread costs tens of microseconds, so output first tries to go out on the
 * vCPU thread itself, with RWF_NOWAIT, which many kinds of files support. The order of bytes is
 * kept because this is done only while the ring is empty and the thread holds nothing.
 *
 * A thread always polls its descriptor together with an eventfd, so that it can be stopped without
 * swallowing input that was meant for somebody else: after `vitrine exec` has ended, the terminal
 * belongs to the shell again.
 *
 * stream_attach.c has what happens when whoever is at the other side comes, goes or stands still.
 *
 * Host system calls: poll, read, write, pwritev2, eventfd2, close, futex; clone at stream_open().
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "engine/vcpu/irq.h"
#include "stream_state.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define STREAM_STACK (64 * 1024)
#define TTY_EOF 4

static struct stream streams[STREAM_MAX];
static pthread_once_t streams_once = PTHREAD_ONCE_INIT;

struct stream *stream_at(uint32_t id)
{
	return &streams[id % STREAM_MAX];
}

static void streams_init(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (unsigned i = 0; i < STREAM_MAX; i++) {
		pthread_mutex_init(&streams[i].lock, NULL);
		pthread_cond_init(&streams[i].change, &monotonic);
		streams[i].wake_fd = -1;
	}
	pthread_condattr_destroy(&monotonic);
}

/* With the lock held: the pump may find something new */
void stream_pump_wake(struct stream *stream)
{
	if (!stream->hungry)
		return;
	stream->hungry = false;
	irq_raise(VT_IRQ_STREAM);
}

static void stream_fail(struct stream *stream)
{
	stream->state = STREAM_DEAD;
	stream->ring.tail = stream->ring.head;
	stream_pump_wake(stream);
	pthread_cond_broadcast(&stream->change);
}

/* Wait until the descriptor is ready; false when the thread shall stop */
static bool descriptor_wait(struct stream *stream, short events)
{
	struct pollfd fds[2] = {
		{ .fd = stream->config.fd, .events = events },
		{ .fd = stream->wake_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return !fds[1].revents;
}

/* With the lock held: what the end of the host's input means to the guest */
static void input_end(struct stream *stream)
{
	static const uint8_t eof = TTY_EOF;

	if (stream->config.tty && !isatty(stream->config.fd)) {
		ring_put(&stream->ring, &eof, 1);
		stream->stop = true;
	} else if (stream->state == STREAM_OPEN) {
		stream->state = STREAM_ENDED;
	}
	stream_pump_wake(stream);
}

/* With the lock held: wait until the thread may go on */
static bool park(struct stream *stream)
{
	uint64_t count;

	if (!stream->frozen)
		return false;
	stream->parked = true;
	pthread_cond_broadcast(&stream->change);
	while (stream->frozen && !stream->stop)
		pthread_cond_wait(&stream->change, &stream->lock);
	stream->parked = false;
	if (!stream->stop && read(stream->wake_fd, &count, sizeof(count)) < 0)
		abort(); /* whoever froze it has written there */
	return true;
}

static void thread_ends(struct stream *stream)
{
	stream->parked = true;
	pthread_cond_broadcast(&stream->change);
	pthread_mutex_unlock(&stream->lock);
}

static void *input_thread(void *arg)
{
	struct stream *stream = arg;

	pthread_mutex_lock(&stream->lock);
	while (stream->state == STREAM_OPEN && !stream->stop) {
		uint8_t *span;
		size_t len = ring_free(&stream->ring, &span);
		ssize_t n;

		if (park(stream))
			continue;
		if (!len) {
			pthread_cond_wait(&stream->change, &stream->lock);
			continue;
		}
		pthread_mutex_unlock(&stream->lock);
		n = descriptor_wait(stream, POLLIN) ? read(stream->config.fd, span, len) : -1;
		pthread_mutex_lock(&stream->lock);
		if (n > 0) {
			stream->ring.head += n;
			stream_pump_wake(stream);
		} else if (!stream->stop && !stream->frozen &&
			   (n == 0 || (errno != EINTR && errno != EAGAIN))) {
			input_end(stream);
		}
	}
	thread_ends(stream);
	return NULL;
}

/* With the lock held */
static void output_lost(struct stream *stream, int error)
{
	if (!stream->attached) {
		stream->error = error == EPIPE ? 0 : error;
		stream_fail(stream);
		return;
	}
	stream->ring.tail = stream->ring.head;
	stream->config.fd = -1;
	stream->stop = true;
	stream_pump_wake(stream);
}

static void *output_thread(void *arg)
{
	struct stream *stream = arg;

	pthread_mutex_lock(&stream->lock);
	while (stream->state != STREAM_DEAD && !stream->stop) {
		uint8_t *span;
		size_t len = ring_filled(&stream->ring, &span);
		ssize_t n;

		if (park(stream))
			continue;
		if (!len) {
			pthread_cond_broadcast(&stream->change);
			if (stream->state == STREAM_ENDED)
				break;
			pthread_cond_wait(&stream->change, &stream->lock);
			continue;
		}
		stream->busy = true;
		pthread_mutex_unlock(&stream->lock);
		n = descriptor_wait(stream, POLLOUT) ? write(stream->config.fd, span, len) : -1;
		pthread_mutex_lock(&stream->lock);
		stream->busy = false;
		if (stream->state == STREAM_DEAD)
			break;
		if (n > 0) {
			stream->ring.tail += n;
			stream_pump_wake(stream);
		} else if (!stream->stop && !stream->frozen && errno != EINTR && errno != EAGAIN) {
			output_lost(stream, errno);
		}
	}
	thread_ends(stream);
	return NULL;
}

int stream_thread_start(struct stream *stream, struct error *err)
{
	bool input = stream->config.direction == STREAM_TO_GUEST;
	pthread_attr_t attr;
	int ret;

	stream->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (stream->wake_fd < 0)
		return error_set(err, errno, "cannot make an eventfd for a stream");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STREAM_STACK);
	ret = pthread_create(&stream->thread, &attr, input ? input_thread : output_thread, stream);
	pthread_attr_destroy(&attr);
	if (ret) {
		close(steal_fd(stream->wake_fd));
		return error_set(err, ret, "cannot start a thread for a stream");
	}
	stream->threaded = true;
	return 0;
}

int stream_ring_make(struct stream *stream, struct error *err)
{
	if (!stream->ring.data)
		stream->ring.data = malloc(STREAM_RING);
	return stream->ring.data ? 0 : error_set(err, ENOMEM, "no memory for a stream");
}

/* With the lock held: whoever attaches later finds it, or the guest reads it */
static int preload(struct stream *stream, struct error *err)
{
	const struct stream_config *config = &stream->config;

	if (stream_ring_make(stream, err))
		return -1;
	if (config->preload_len)
		ring_put(&stream->ring, config->preload, config->preload_len);
	if (config->ended)
		stream->state = STREAM_ENDED;
	return 0;
}

int stream_open(uint32_t id, const struct stream_config *config, struct error *err)
{
	struct stream *stream = stream_at(id);
	int ret = 0;

	pthread_once(&streams_once, streams_init);
	pthread_mutex_lock(&stream->lock);
	stream->config = *config;
	stream->id = id;
	stream->ring = (struct ring){ .size = STREAM_RING };
	stream->hungry = stream->busy = stream->stop = stream->threaded = false;
	stream->frozen = stream->parked = stream->attached = false;
	stream->nowait = true;
	stream->error = 0;
	stream->state = STREAM_OPEN;
	if (config->held) {
		ret = preload(stream, err);
	} else if (config->fd >= 0) {
		ret = stream_ring_make(stream, err) || stream_thread_start(stream, err) ? -1 : 0;
	} else if (config->direction == STREAM_TO_GUEST && !config->tty) {
		stream->state = STREAM_ENDED;
	}
	if (ret) {
		free(steal_ptr(stream->ring.data));
		stream->state = STREAM_FREE;
	}
	pthread_mutex_unlock(&stream->lock);
	return ret;
}

/* With the lock held */
void stream_thread_wake(struct stream *stream)
{
	static const uint64_t one = 1;

	pthread_cond_broadcast(&stream->change);
	if (stream->wake_fd >= 0 && write(stream->wake_fd, &one, sizeof(one)) < 0)
		abort(); /* an eventfd of ours cannot be full */
}

void stream_thread_stop(struct stream *stream)
{
	stream->stop = true;
	stream_thread_wake(stream);
}

void stream_cut(uint32_t id)
{
	struct stream *stream = stream_at(id);

	pthread_mutex_lock(&stream->lock);
	if (stream->state != STREAM_FREE) {
		stream_fail(stream);
		stream_thread_stop(stream);
	}
	pthread_mutex_unlock(&stream->lock);
}

bool stream_flush(uint32_t id, int timeout)
{
	struct stream *stream = stream_at(id);
	const struct timespec deadline = clock_deadline(timeout < 0 ? 0 : timeout);
	bool done;
	int ret = 0;

	pthread_mutex_lock(&stream->lock);
	for (;;) {
		done = stream->state == STREAM_FREE || stream->state == STREAM_DEAD ||
		       stream->config.fd < 0 || stream->frozen ||
		       (!ring_used(&stream->ring) && !stream->busy);
		if (done || ret == ETIMEDOUT)
			break;
		if (timeout < 0)
			ret = pthread_cond_wait(&stream->change, &stream->lock);
		else
			ret = pthread_cond_timedwait(&stream->change, &stream->lock, &deadline);
	}
	pthread_mutex_unlock(&stream->lock);
	return done;
}

int stream_error(uint32_t id)
{
	struct stream *stream = stream_at(id);
	int error;

	pthread_mutex_lock(&stream->lock);
	error = stream->error;
	pthread_mutex_unlock(&stream->lock);
	return error;
}

/* It was told to stop */
void stream_thread_join(struct stream *stream)
{
	bool threaded;

	pthread_mutex_lock(&stream->lock);
	threaded = stream->threaded;
	stream->threaded = false;
	pthread_mutex_unlock(&stream->lock);
	if (threaded)
		pthread_join(stream->thread, NULL);
	pthread_mutex_lock(&stream->lock);
	if (stream->wake_fd >= 0)
		close(steal_fd(stream->wake_fd));
	pthread_mutex_unlock(&stream->lock);
}

void stream_release(uint32_t id)
{
	struct stream *stream = stream_at(id);

	stream_cut(id);
	stream_thread_join(stream);
	pthread_mutex_lock(&stream->lock);
	free(steal_ptr(stream->ring.data));
	stream->state = STREAM_FREE;
	pthread_mutex_unlock(&stream->lock);
}

/* The kernel's side: with the lock held, or NULL when the stream is somebody else's by now */
static struct stream *stream_lock(vt_u32 id)
{
	struct stream *stream = stream_at(id);

	pthread_mutex_lock(&stream->lock);
	if (stream->id == id && stream->state != STREAM_FREE)
		return stream;
	pthread_mutex_unlock(&stream->lock);
	return NULL;
}

static vt_s64 op_read(vt_u32 id, void *buf, vt_u32 len)
{
	struct stream *stream = stream_lock(id);
	size_t n = 0;
	vt_s64 ret;

	if (!stream)
		return 0;
	if (stream->config.direction == STREAM_TO_GUEST && stream->ring.data &&
	    stream->state != STREAM_DEAD) {
		bool full = ring_used(&stream->ring) == stream->ring.size;

		n = ring_get(&stream->ring, buf, len);
		if (n && full)
			pthread_cond_broadcast(&stream->change);
	}
	if (n) {
		ret = n;
	} else if (stream->state == STREAM_OPEN && stream->config.direction == STREAM_TO_GUEST) {
		stream->hungry = true;
		ret = -EAGAIN;
	} else {
		ret = 0;
	}
	pthread_mutex_unlock(&stream->lock);
	return ret;
}

/* With the lock held: try to write at once; 0 when the ring has to take it, -1 when it is dead */
static ssize_t write_now(struct stream *stream, const void *buf, size_t len)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	ssize_t n;

	if (!stream->nowait || stream->busy || ring_used(&stream->ring))
		return 0;
	n = pwritev2(stream->config.fd, &iov, 1, -1, RWF_NOWAIT);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	/* Anything but a closed pipe is left to the thread, which cannot misread it */
	if (errno != EPIPE || stream->attached) {
		stream->nowait = false;
		return 0;
	}
	stream_fail(stream);
	return -1;
}

static vt_s64 op_write(vt_u32 id, const void *buf, vt_u32 len)
{
	struct stream *stream = stream_lock(id);
	vt_s64 ret = -EPIPE;
	ssize_t n;

	if (!stream)
		return -EPIPE;
	if (stream->state != STREAM_OPEN || stream->config.direction != STREAM_TO_HOST)
		goto out;
	if (stream->config.fd < 0) {
		ret = len;
		goto out;
	}
	n = write_now(stream, buf, len);
	if (n < 0)
		goto out;
	ret = n;
	if (n < len) {
		bool empty = !ring_used(&stream->ring);

		ret += ring_put(&stream->ring, (const uint8_t *)buf + n, len - n);
		if (empty)
			pthread_cond_broadcast(&stream->change);
	}
	if (!ret) {
		stream->hungry = true;
		ret = -EAGAIN;
	}
out:
	if (ret > 0 && stream->config.tap)
		stream->config.tap(buf, ret);
	pthread_mutex_unlock(&stream->lock);
	return ret;
}

/* The guest has closed its side: stop reading for it, but write out what it wrote */
static void op_close(vt_u32 id)
{
	struct stream *stream = stream_lock(id);

	if (!stream)
		return;
	if (stream->state == STREAM_OPEN)
		stream->state = STREAM_ENDED;
	if (stream->config.direction == STREAM_TO_GUEST)
		stream_thread_stop(stream);
	pthread_cond_broadcast(&stream->change);
	pthread_mutex_unlock(&stream->lock);
}

void stream_ops_fill(struct vt_host_ops *ops)
{
	pthread_once(&streams_once, streams_init);
	ops->stream_read = op_read;
	ops->stream_write = op_write;
	ops->stream_close = op_close;
}
