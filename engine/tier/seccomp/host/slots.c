/* SPDX-License-Identifier: GPL-2.0-only */
/* slots.c - the signal stacks of guest threads
 *
 * Theory of operation
 * A slot holds a header and, below it, the frame that the host writes when it stops the thread. It
 * is memory of the host's that is not the guest's, and a guest can write to all that is mapped of
 * it: so no more is mapped than the largest frame needs, what a slot has goes back to the host with
 * the slot, and there are no more slots than the sandbox's budget allows (limits.c).
 *
 * Slots are given out lowest first, so that those in use are close together.
 *
 * Host system calls: memfd_create, ftruncate, mmap, madvise.
 */
#include "slots.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "indices.h"
#include "lib/memfile.h"

#define PAGE 4096UL
#define FRAMES 2048 /* what frame.c writes beside the host's frame, and alignment */
#define MINSIGSTKSZ_DEFAULT 4096

static uint8_t *memory;
static uint64_t indices_words[INDICES_WORDS(SLOTS_MAX)];
static struct indices used = { .words = indices_words };
static size_t mapped;

int slots_init(unsigned max, int *fd, struct error *err)
{
	const size_t size = (size_t)SLOTS_MAX * SLOT_SIZE;

	memory = memfile_shared("vitrine-slots", size, fd, err);
	if (!memory)
		return -1;
	used.count = max < SLOTS_MAX ? max : SLOTS_MAX;
	return 0;
}

size_t slots_mapped(void)
{
	if (!mapped) {
		mapped = (getauxval(AT_MINSIGSTKSZ) ?: MINSIGSTKSZ_DEFAULT) + FRAMES +
			 (SLOT_SIZE - SLOT_HEADER);
		mapped = (mapped + PAGE - 1) & -PAGE;
		if (mapped > SLOT_SIZE)
			mapped = SLOT_SIZE;
	}
	return mapped;
}

int slots_get(void)
{
	return indices_take(&used);
}

void slots_put(unsigned slot)
{
	madvise(slots_memory(slot), SLOT_SIZE, MADV_REMOVE);
	indices_give(&used, slot);
}

uint8_t *slots_memory(unsigned slot)
{
	return memory + (size_t)slot * SLOT_SIZE;
}

void slots_clear(unsigned slot)
{
	memset(slots_memory(slot) + SLOT_SIZE - slots_mapped(), 0, slots_mapped());
}
