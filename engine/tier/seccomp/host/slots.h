/* SPDX-License-Identifier: GPL-2.0-only */
/* slots.h - the signal stacks of guest threads */
#ifndef ENGINE_TIER_SECCOMP_HOST_SLOTS_H
#define ENGINE_TIER_SECCOMP_HOST_SLOTS_H

#include <stddef.h>
#include <stdint.h>
#include "engine/tier/seccomp/stub/layout.h"
#include "vitrine/error.h"

#define SLOTS_MAX 32768

/**
 * slots_init() - Create the slots
 * @max: most that are ever used at once
 * @fd:  receives the memory file, which the caller owns
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int slots_init(unsigned max, int *fd, struct error *err);

/* Get a slot, cleared; -1 when there is none */
int slots_get(void);

/* Give a slot back that no process has mapped any more; its memory goes back to the host */
void slots_put(unsigned slot);

/* The slot as the supervisor sees it: SLOT_SIZE bytes, of which the guest can write the last ones
 */
uint8_t *slots_memory(unsigned slot);

/* Its address in stub processes */
static inline uint64_t slots_address(unsigned slot)
{
	return STUB_SLOTS + (uint64_t)slot * SLOT_SIZE;
}

/* How many bytes at its end a stub maps, whole pages: what the host's frames need at the most */
size_t slots_mapped(void);

/* Nothing is to be there of who used it before: neither registers nor what else was written */
void slots_clear(unsigned slot);

#endif
