/* SPDX-License-Identifier: GPL-2.0-only */
/* space.h - what is mapped in a guest's address space, as its kernel has told */
#ifndef ENGINE_TIER_EMULATE_SPACE_H
#define ENGINE_TIER_EMULATE_SPACE_H

#include <stdint.h>

#include "vitrine/abi.h"

struct table;

/**
 * struct space - an address space
 * @root:  of its tables
 * @taken: of all changes in any space that took something away, the last one here: who holds
 *         translations of another number has to forget them
 */
struct space {
	struct table *root;
	uint64_t taken;
};

/* Return: an empty space, or NULL */
struct space *space_new(void);

void space_free(struct space *space);

/* Return: 0, or -ENOMEM, and nothing is mapped any more */
int space_sync(struct space *space, const struct vt_map_op *ops, vt_u32 count);

/* As emu_memory.walk() */
uint64_t space_walk(void *space, uint64_t va);

#endif
