// SPDX-License-Identifier: GPL-2.0-only
/* hot.c - what is written first by whoever goes on from the same memory
 *
 * Theory of operation
 * Each sandbox that goes on from a snapshot does the same at first: clocks, locks, lists, the
 * stacks of those that wake up. So it writes to the same chunks, and each of them costs a fault, a
 * copy and a mapping (base.c), one after the other. The chunks are known once somebody has gone on;
 * copied ahead, a row with one call, they cost a fraction.
 *
 * The list is a hint and may be wrong: it is cut where it is longer than it can be of use, and what
 * it names need not be there.
 *
 * Host system calls: those of base.c.
 */
#include "hot.h"

#include <stddef.h>

#include "base.h"
#include "memory.h"

#define MAGIC 0x31544f48U     /* "HOT1" */
#define BYTES_MAX (4UL << 20) /* more is not written at once */

static bool was_copied(uint64_t chunk)
{
	const uint64_t pa = chunk * BASE_CHUNK;

	return pa < memory_size() && !base_of(pa) && base_was(pa);
}

static size_t size_of(uint32_t count)
{
	return offsetof(struct hot, runs) + count * sizeof(struct hot_run);
}

uint64_t hot_list(struct hot *list)
{
	const uint64_t chunks = memory_size() / BASE_CHUNK;

	list->magic = MAGIC;
	list->count = list->lived = 0;
	for (uint64_t i = 0; i < chunks && list->count < HOT_RUNS_MAX; i++) {
		const uint64_t first = i;

		while (was_copied(i))
			i++;
		if (i > first)
			list->runs[list->count++] =
			    (struct hot_run){ (uint32_t)first, (uint32_t)(i - first) };
	}
	return size_of(list->count);
}

bool hot_is_good(const struct hot *list, int64_t len)
{
	return len >= (int64_t)size_of(0) && list->magic == MAGIC && list->count <= HOT_RUNS_MAX &&
	       len == (int64_t)size_of(list->count);
}

void hot_copy(const struct hot *list)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		const uint64_t pa = list->runs[i].first * BASE_CHUNK;
		const uint64_t len = list->runs[i].count * BASE_CHUNK;

		if (len > BYTES_MAX - bytes || !phys_ptr(pa, len))
			continue;
		if (base_copy_early(pa, len))
			return;
		bytes += len;
	}
}
