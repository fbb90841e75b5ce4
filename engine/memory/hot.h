/* SPDX-License-Identifier: GPL-2.0-only */
/* hot.h - what is written first by whoever goes on from the same memory */
#ifndef ENGINE_MEMORY_HOT_H
#define ENGINE_MEMORY_HOT_H

#include <stdbool.h>
#include <stdint.h>

#define HOT_RUNS_MAX 1024

/**
 * struct hot - chunks that are written first
 * @lived: of whoever has done what is usually done, not only begun to
 * @runs:  of chunks, @count of them
 */
struct hot {
	uint32_t magic, count, lived;
	struct hot_run {
		uint32_t first, count;
	} runs[HOT_RUNS_MAX];
};

/**
 * hot_list() - Which chunks have been copied since memory became that of layers
 *
 * Return: the bytes of @list that are in use.
 */
uint64_t hot_list(struct hot *list);

/** hot_is_good() - Are these @len bytes a list? What it names may be anything */
bool hot_is_good(const struct hot *list, int64_t len);

/**
 * hot_copy() - Copy what is listed, before it is mapped where it belongs (base_map())
 */
void hot_copy(const struct hot *list);

#endif
