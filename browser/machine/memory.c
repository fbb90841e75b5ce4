/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.c - the kernel's memory, as its CPU sees it and as we do
 *
 * Theory of operation
 * Physical memory lies in one array, the board behind it. The kernel sees the first from
 * VT_PAGE_OFFSET, the second at GUEST_BOARD, and in between what it has mapped itself
 * (kernel_map()). Programs see what their space has.
 *
 * All addresses come from the guest: each is looked up, and none is trusted.
 */
#include <string.h>

#include "internal.h"

#define RIGHTS_DATA (EMU_PRESENT | EMU_READ | EMU_WRITE)

uint64_t view_walk(void *of, uint64_t va)
{
	const struct view *view = of;
	const struct machine *m = view->machine;

	if (!view->kernel)
		return space_walk(view->space, va);
	if (va - VT_PAGE_OFFSET < m->size)
		return ((va - VT_PAGE_OFFSET) & -(uint64_t)EMU_PAGE) | RIGHTS_DATA | EMU_EXEC;
	if (va - GUEST_BOARD < m->board_size)
		return (m->size + ((va - GUEST_BOARD) & -(uint64_t)EMU_PAGE)) | RIGHTS_DATA;
	return space_walk(view->space, va);
}

uint8_t *guest_physical(struct machine *m, uint64_t pa, uint64_t size)
{
	return pa <= m->size && size <= m->size - pa ? m->ram + pa : NULL;
}

uint8_t *guest_at(struct machine *m, uint64_t va, uint64_t size)
{
	uint64_t entry;

	if (va - VT_PAGE_OFFSET < m->size)
		return guest_physical(m, va - VT_PAGE_OFFSET, size);
	if (va - GUEST_BOARD < m->board_size)
		return size <= m->board_size - (va - GUEST_BOARD)
			   ? m->ram + m->size + (va - GUEST_BOARD)
			   : NULL;
	if (size > EMU_PAGE - va % EMU_PAGE)
		return NULL;
	entry = space_walk(m->view.space, va);
	return entry ? guest_physical(m, (entry & -(uint64_t)EMU_PAGE) + va % EMU_PAGE, size)
		     : NULL;
}

static int copy(struct machine *m, uint64_t va, void *ours, uint64_t size, bool write)
{
	for (uint64_t done = 0, part; done < size; done += part) {
		const uint64_t rest = EMU_PAGE - (va + done) % EMU_PAGE;
		uint8_t *at;

		part = rest < size - done ? rest : size - done;
		at = guest_at(m, va + done, part);
		if (!at)
			return -1;
		if (write) {
			memcpy(at, (const uint8_t *)ours + done, part);
			guest_written(m, at, part);
		} else {
			memcpy((uint8_t *)ours + done, at, part);
		}
	}
	return 0;
}

int guest_read(struct machine *m, uint64_t va, void *to, uint64_t size)
{
	return copy(m, va, to, size, false);
}

int guest_write(struct machine *m, uint64_t va, const void *from, uint64_t size)
{
	return copy(m, va, (void *)from, size, true);
}

/* The emulator remembers what it has decoded there */
void guest_written(struct machine *m, const uint8_t *at, uint64_t size)
{
	const uint64_t pa = (uint64_t)(at - m->ram);

	emu_written(m->kernel, pa, size);
	for (uint64_t page = pa / EMU_PAGE; size && page <= (pa + size - 1) / EMU_PAGE; page++)
		m->memory.dirty[page] = 1;
}

struct guest_boot *guest_boot(struct machine *m)
{
	return (struct guest_boot *)(m->ram + m->size + BOARD_BOOT);
}
