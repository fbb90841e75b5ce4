/* SPDX-License-Identifier: GPL-2.0-only */
/* space.c - what is mapped in a guest's address space, as its kernel has told
 *
 * Theory of operation
 * The guest's kernel treats what is below it as a TLB: it says which frames appear where, and takes
 * them away, one change after the other (kernel/arch/vitrine/mm/hosttlb.c). In another tier a host
 * process has that in its page tables; here it is tables of the same shape, four levels of 512
 * entries. A table is freed with its last entry, so there are never more than in the kernel's own
 * tables, which --memory counts.
 *
 * Host system calls: those of malloc.
 */
#include "space.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine/tier/emulate/cpu/emu.h"

#define ENTRIES 512
#define BITS 9
#define LEVELS 4
#define PAGE_BITS 12

/* @used: entries that are not 0; @entry: a frame and its rights, or the address of a table */
struct table {
	uint64_t entry[ENTRIES];
	unsigned used;
};

static uint64_t changes;

static struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

static void table_free(struct table *table, unsigned level)
{
	for (unsigned n = 0; level && table->used && n < ENTRIES; n++) {
		if (table->entry[n])
			table_free((struct table *)(uintptr_t)table->entry[n], level - 1);
	}
	free(table);
}

struct space *space_new(void)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->root = table_new();
	space->taken = ++changes;
	if (space->root)
		return space;
	free(space);
	return NULL;
}

void space_free(struct space *space)
{
	table_free(space->root, LEVELS - 1);
	free(space);
}

static uint64_t rights(const struct vt_map_op *op)
{
	return EMU_PRESENT | (op->prot & VT_PROT_READ ? EMU_READ : 0) |
	       (op->prot & VT_PROT_WRITE ? EMU_WRITE : 0) |
	       (op->prot & VT_PROT_EXEC ? EMU_EXEC : 0);
}

static uint64_t changed(const struct vt_map_op *op, uint64_t va, uint64_t old)
{
	switch (op->kind) {
	case VT_MAP:
		return (op->pa + (va - op->va)) | rights(op);
	case VT_PROTECT:
		return old ? (old & -(uint64_t)EMU_PAGE) | rights(op) : 0;
	default:
		return 0;
	}
}

/* Is there something that the old entry allowed and the new one does not? */
static bool takes(uint64_t old, uint64_t new)
{
	return old && ((old ^ new) & -(uint64_t)EMU_PAGE || old & ~new);
}

/* The part of @op that lies in [@va, @end), which is in @table. Return: 0 or -ENOMEM */
static int change(struct space *space, struct table *table, unsigned level,
		  const struct vt_map_op *op, uint64_t va, uint64_t end)
{
	const unsigned shift = PAGE_BITS + BITS * level;
	uint64_t next;

	for (; va < end; va = next) {
		uint64_t *entry = &table->entry[va >> shift & (ENTRIES - 1)];
		const uint64_t old = *entry;
		int err = 0;

		next = ((va >> shift) + 1) << shift;
		next = next < end ? next : end;
		if (level) {
			if (!old && op->kind != VT_MAP)
				continue;
			if (!old)
				*entry = (uintptr_t)table_new();
			if (!*entry)
				return -ENOMEM;
			err = change(space, (struct table *)(uintptr_t)*entry, level - 1, op, va,
				     next);
			if (!((struct table *)(uintptr_t)*entry)->used) {
				free((struct table *)(uintptr_t)*entry);
				*entry = 0;
			}
		} else {
			*entry = changed(op, va, old);
			if (takes(old, *entry))
				space->taken = 0;
		}
		table->used += !!*entry - !!old;
		if (err)
			return err;
	}
	return 0;
}

static bool valid(const struct vt_map_op *op)
{
	return op->kind <= VT_PROTECT && op->va <= VT_TASK_SIZE && op->len <= VT_TASK_SIZE - op->va;
}

/* Nothing is mapped then, and the kernel starts over */
static void unmap_all(struct space *space)
{
	const struct vt_map_op all = { .kind = VT_UNMAP, .len = VT_TASK_SIZE };

	change(space, space->root, LEVELS - 1, &all, 0, VT_TASK_SIZE);
}

int space_sync(struct space *space, const struct vt_map_op *ops, vt_u32 n)
{
	int err = 0;

	for (vt_u32 k = 0; k < n && !err; k++) {
		if (!valid(&ops[k]))
			continue;
		err = change(space, space->root, LEVELS - 1, &ops[k], ops[k].va,
			     ops[k].va + ops[k].len);
	}
	if (err)
		unmap_all(space);
	if (!space->taken)
		space->taken = ++changes;
	return err;
}

uint64_t space_walk(void *of, uint64_t va)
{
	const struct space *space = of;
	const struct table *table = space->root;

	if (va >> (PAGE_BITS + BITS * LEVELS))
		return 0;
	for (unsigned level = LEVELS - 1; level; level--) {
		table = (struct table *)(uintptr_t)
			    table->entry[va >> (PAGE_BITS + BITS * level) & (ENTRIES - 1)];
		if (!table)
			return 0;
	}
	return table->entry[va >> PAGE_BITS & (ENTRIES - 1)];
}
