// SPDX-License-Identifier: GPL-2.0-only
/* stack-in-stub - point rsp into the slot, the command page or the stub, then be stopped */
#include "tests/attack/attack.h"

static void stopped_at(uint64_t rsp, int how)
{
	asm volatile("mov %0, %%rsp\n"
		     "	cmp $1, %1\n"
		     "	je 1f\n"
		     "	ja 2f\n"
		     "	movb $1, 8\n"		  /* a fault */
		     "1:	mov $57, %%eax\n" /* fork: a trap */
		     "	syscall\n"
		     "	mov $60, %%eax\n"
		     "	syscall\n"
		     "2:	cmp $3, %1\n"
		     "	je 3f\n"
		     "	ud2\n"
		     "3:	jmp 3b\n" /* the kick */
		     :
		     : "r"(rsp), "r"(how));
	__builtin_unreachable();
}

static uint64_t slot, low;

static uint64_t place(unsigned i)
{
	const uint64_t places[] = {
		slot,
		low,
		low + 8,
		low + 304,
		low + 1024,
		low + 4096,
		slot + SLOT_HEADER - 8,
		slot + SLOT_HEADER,
		slot + SLOT_HEADER + 8,
		slot + SLOT_SIZE - 8,
		slot + SLOT_SIZE,
		slot - 8,
		STUB_CONTROL,
		STUB_CONTROL + 4096,
		STUB_CODE,
		STUB_CODE + PAGE,
		STUB_VDSO,
		0,
		8,
		~0UL,
		1UL << 47,
		1UL << 63,
		VT_PAGE_OFFSET + (1 << 20),
		STUB_SLOTS + (1UL << 31),
		0xffffffff81000000,
	};

	return i < COUNT(places) ? places[i] : 0;
}

static void attack(long which)
{
	slot = slot_find(0);
	low = slot_low(slot);
	alarm(1);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	stopped_at(place(which / 4), which % 4);
}

int main(void)
{
	unsigned bad = 0;

	catch_faults();
	for (unsigned i = 0; i < 25 * 4; i++) {
		const char *got = outcome_of(attack, i);

		if (!strcmp(got, "hung") || !strcmp(got, "unkillable"))
			printf("%#lx, stop %u: %s\n", place(i / 4), i % 4, got), bad++;
	}
	printf("%u places did harm\n", bad);
	return over();
}
