/* SPDX-License-Identifier: GPL-2.0-only */
/* ring.h - a byte ring; the caller locks
 *
 * @head counts bytes written and @tail bytes read since the beginning; the size is a power of two.
 * The spans that ring_free() and ring_filled() give are contiguous and may be used without the lock
 * by the only producer or the only consumer.
 */
#ifndef ENGINE_JOBS_RING_H
#define ENGINE_JOBS_RING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ring {
	uint8_t *data;
	size_t size, head, tail;
};

static inline size_t ring_used(const struct ring *ring)
{
	return ring->head - ring->tail;
}

static inline size_t ring_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The contiguous span that can be filled next */
static inline size_t ring_free(struct ring *ring, uint8_t **span)
{
	size_t at = ring->head & (ring->size - 1);

	*span = ring->data + at;
	return ring_min(ring->size - ring_used(ring), ring->size - at);
}

/* The contiguous span that can be consumed next */
static inline size_t ring_filled(struct ring *ring, uint8_t **span)
{
	size_t at = ring->tail & (ring->size - 1);

	*span = ring->data + at;
	return ring_min(ring_used(ring), ring->size - at);
}

static inline size_t ring_put(struct ring *ring, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint8_t *span;
		size_t n = ring_min(ring_free(ring, &span), len - done);

		if (!n)
			break;
		memcpy(span, (const uint8_t *)buf + done, n);
		ring->head += n;
		done += n;
	}
	return done;
}

static inline size_t ring_get(struct ring *ring, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint8_t *span;
		size_t n = ring_min(ring_filled(ring, &span), len - done);

		if (!n)
			break;
		memcpy((uint8_t *)buf + done, span, n);
		ring->tail += n;
		done += n;
	}
	return done;
}

#endif
