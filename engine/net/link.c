// SPDX-License-Identifier: GPL-2.0-only
/* link.c - the cable between the guest's network card and the network process
 *
 * Theory of operation
 * A ring is bytes and two counters: how many were ever written, and how many were ever read. A
 * record is a head (length, virtio's header) and a frame that never wraps: a frame that would not
 * fit before the end of the ring goes to its beginning, behind a record that says so. So frames are
 * built and read in place.
 *
 * The other end is a stranger: its counter is read once and may only lie between ours and a
 * ring's length ahead; a record's length is read once and must fit in what was written. Otherwise
 * the direction is broken and stays so. Frames themselves may change while they are read; whoever
 * reads them copies what it decides on.
 *
 * Waking costs a system call, so each end says when it sleeps: a reader that has found nothing sets
 * `sleeps` and looks again; a writer that has found no room sets `full` and looks again. The full
 * barrier between store and load on both sides makes that one of them sees the other.
 *
 * Host system calls: write.
 */
#include "link.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "vitrine/util.h"

#define MASK (LINK_RING_SIZE - 1)
#define ALIGN 16
#define WRAP UINT32_MAX /* no frame: go on at the beginning */

struct link_ring {
	_Alignas(64) atomic_uint written;
	atomic_uint full; /* the writer waits for room */
	_Alignas(64) atomic_uint read;
	atomic_uint sleeps; /* the reader waits for frames */
	_Alignas(64) unsigned char data[LINK_RING_SIZE];
};

/* Before each frame */
struct record {
	volatile uint32_t len;
	link_header header;
};
static_assert(sizeof(struct record) == ALIGN, "frames are aligned");

static uint32_t footprint(uint32_t len)
{
	return (sizeof(struct record) + len + ALIGN - 1) & ~(ALIGN - 1U);
}

static struct record *record_at(struct link_ring *ring, uint32_t at)
{
	return (struct record *)(ring->data + (at & MASK));
}

size_t link_rings_size(void)
{
	return 2 * sizeof(struct link_ring);
}

void link_rings(void *at, struct link_ring *rings[2])
{
	rings[0] = at;
	rings[1] = rings[0] + 1;
}

void link_end_init(struct link_end *end, struct link_ring *ring, int wake)
{
	*end = (struct link_end){ .ring = ring, .wake = wake };
}

static void wake(const struct link_end *end)
{
	const uint64_t one = 1;

	(void)!write(end->wake, &one, sizeof(one));
}

/* Bytes that may be written; what the reader says is believed as far as it is possible */
static uint32_t room(struct link_end *end)
{
	uint32_t used;

	end->peer = atomic_load_explicit(&end->ring->read, memory_order_acquire);
	used = end->own - end->peer;
	if (used > LINK_RING_SIZE)
		end->broken = true;
	return end->broken ? 0 : LINK_RING_SIZE - used;
}

static bool has_room(struct link_end *end, uint32_t want)
{
	if (!end->broken && LINK_RING_SIZE - (end->own - end->peer) >= want)
		return true;
	if (room(end) >= want)
		return true;
	atomic_store(&end->ring->full, 1);
	atomic_thread_fence(memory_order_seq_cst);
	return room(end) >= want;
}

void *link_reserve(struct link_end *end, size_t size, link_header **header)
{
	const uint32_t need = footprint((uint32_t)size);
	const uint32_t before_end = LINK_RING_SIZE - (end->own & MASK);
	struct record *record;

	if (size > LINK_FRAME_MAX || !has_room(end, need <= before_end ? need : before_end + need))
		return NULL;
	if (need > before_end) {
		record_at(end->ring, end->own)->len = WRAP;
		end->own += before_end;
	}
	record = record_at(end->ring, end->own);
	*header = &record->header;
	return record + 1;
}

void link_commit(struct link_end *end, size_t size)
{
	record_at(end->ring, end->own)->len = (uint32_t)size;
	end->own += footprint((uint32_t)size);
}

void link_publish(struct link_end *end)
{
	if (atomic_load_explicit(&end->ring->written, memory_order_relaxed) == end->own)
		return;
	atomic_store_explicit(&end->ring->written, end->own, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&end->ring->sleeps, memory_order_relaxed) &&
	    atomic_exchange(&end->ring->sleeps, 0))
		wake(end);
}

/* Bytes that were written and not taken */
static uint32_t waiting(struct link_end *end)
{
	uint32_t ahead;

	if (end->peer == end->own)
		end->peer = atomic_load_explicit(&end->ring->written, memory_order_acquire);
	ahead = end->peer - end->own;
	if (ahead > LINK_RING_SIZE || ahead % ALIGN)
		end->broken = true;
	return end->broken ? 0 : ahead;
}

const void *link_peek(struct link_end *end, size_t *size, link_header *header)
{
	uint32_t ahead = waiting(end), before_end = LINK_RING_SIZE - (end->own & MASK), len;
	struct record *record;

	if (!ahead)
		return NULL;
	record = record_at(end->ring, end->own);
	len = record->len;
	if (len == WRAP && before_end <= ahead) {
		end->own += before_end;
		atomic_store_explicit(&end->ring->read, end->own, memory_order_release);
		ahead -= before_end;
		if (!ahead)
			return NULL;
		before_end = LINK_RING_SIZE;
		record = record_at(end->ring, end->own);
		len = record->len;
	}
	if (len > LINK_FRAME_MAX || footprint(len) > ahead || footprint(len) > before_end) {
		end->broken = true;
		return NULL;
	}
	*size = len;
	memcpy(header, &record->header, sizeof(*header));
	return record + 1;
}

void link_take(struct link_end *end)
{
	/* The length may have changed since it was checked: it is checked again */
	const uint32_t len = record_at(end->ring, end->own)->len;

	if (len > LINK_FRAME_MAX || footprint(len) > end->peer - end->own)
		end->broken = true;
	else
		end->own += footprint(len);
	atomic_store_explicit(&end->ring->read, end->own, memory_order_release);
}

void link_taken(struct link_end *end)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&end->ring->full, memory_order_relaxed) &&
	    atomic_exchange(&end->ring->full, 0))
		wake(end);
}

bool link_sleeps(struct link_end *end, bool yes)
{
	if (!yes) {
		atomic_store_explicit(&end->ring->sleeps, 0, memory_order_relaxed);
		return true;
	}
	atomic_store(&end->ring->sleeps, 1);
	atomic_thread_fence(memory_order_seq_cst);
	return !waiting(end);
}
