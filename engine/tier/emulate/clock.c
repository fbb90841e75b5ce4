/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.c - the clock that programs read without their kernel
 *
 * Theory of operation
 * The guest's vDSO makes its time of the host's monotonic clock, which it reads by calling the
 * host's vDSO (vt_boot.vdso_clock). Here there is none in a guest's address space: there is nothing
 * at that address, so a call is a fault there, and the tier does what the function would have done.
 */
#include "clock.h"

#include <string.h>
#include <time.h>

#include "engine/memory/memory.h"
#include "lib/clock.h"

#define FAULT_WRITE 2u
#define FAULT_USER 4u
#define FAULT_EXEC 16u

/* Copy between @at and the program's memory at @va, or have a fault */
static bool copy(struct emu_cpu *cpu, struct space *space, uint64_t va, void *at, uint64_t size,
		 bool write)
{
	for (uint64_t done = 0, part; done < size; done += part) {
		const uint64_t from = va + done, in_page = EMU_PAGE - from % EMU_PAGE;
		const uint64_t entry = space_walk(space, from);
		uint8_t *memory = phys_ptr((entry & -(uint64_t)EMU_PAGE) + from % EMU_PAGE, 1);

		part = in_page < size - done ? in_page : size - done;
		if (!(entry & (write ? EMU_WRITE : EMU_READ)) || !memory) {
			cpu->fault_addr = from;
			cpu->error_code = FAULT_USER | (write ? FAULT_WRITE : 0);
			return false;
		}
		if (write)
			memcpy(memory, (uint8_t *)at + done, part);
		else
			memcpy((uint8_t *)at + done, memory, part);
	}
	return true;
}

bool clock_call(struct emu_cpu *cpu, struct space *space)
{
	struct timespec now;
	uint64_t back;

	if (cpu->stop != EMU_FAULT || cpu->ip != CLOCK_AT || !(cpu->error_code & FAULT_EXEC) ||
	    cpu->r[EMU_RDI] != CLOCK_MONOTONIC)
		return false;
	now = clock_timespec(clock_now_ns());
	if (!copy(cpu, space, cpu->r[EMU_RSP], &back, sizeof(back), false) ||
	    !copy(cpu, space, cpu->r[EMU_RSI], &now, sizeof(now), true))
		return false;
	cpu->r[EMU_RSP] += sizeof(back);
	cpu->r[EMU_RAX] = 0;
	cpu->ip = back;
	return true;
}
