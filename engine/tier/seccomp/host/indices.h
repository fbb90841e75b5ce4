/* SPDX-License-Identifier: GPL-2.0-only */
/* indices.h - numbers that are given out and come back, the lowest first */
#ifndef ENGINE_TIER_SECCOMP_HOST_INDICES_H
#define ENGINE_TIER_SECCOMP_HOST_INDICES_H

#include <stdint.h>

#define INDICES_WORDS(count) (((count) + 63) / 64)

/**
 * struct indices - a set of numbers below @count
 * @words: a bit for each, set while it is used
 * @from:  there is none free in the words below this one
 */
struct indices {
	uint64_t *words;
	unsigned count, from;
};

/* The lowest number that is free, now used; -1 when there is none */
static inline int indices_take(struct indices *set)
{
	for (; set->from < INDICES_WORDS(set->count); set->from++) {
		const uint64_t free = ~set->words[set->from];
		unsigned index;

		if (!free)
			continue;
		index = set->from * 64 + __builtin_ctzll(free);
		if (index >= set->count)
			return -1;
		set->words[set->from] |= free & -free;
		return index;
	}
	return -1;
}

static inline void indices_give(struct indices *set, unsigned index)
{
	set->words[index / 64] &= ~(1ULL << index % 64);
	if (index / 64 < set->from)
		set->from = index / 64;
}

#endif
