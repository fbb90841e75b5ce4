// SPDX-License-Identifier: GPL-2.0-only
/* forge-notification - the stub's own notification, with every subject and wild pointers
 *
 * From everywhere else it is a call that does not exist; from the stub's stop it is one, with a
 * frame that cannot be, which is the end of whoever claims it.
 */
#include "tests/attack/attack.h"

static const uint64_t wild[] = {
	0,
	1,
	8,
	PAGE,
	~0UL,
	~7UL,
	1UL << 63,
	0x8000000000000000,
	VT_PAGE_OFFSET,
	VT_KERNEL_PHYS,
	VT_VMALLOC_START,
	STUB_CODE,
	STUB_CONTROL,
	STUB_VDSO,
	STUB_SLOTS,
	STUB_SLOTS - 8,
	STUB_SLOTS + (1UL << 30),
	STUB_SLOTS + 32768UL * SLOT_SIZE,
	STUB_SLOTS + SLOT_HEADER,
	0x7ffffffff000,
	0xffffffffff600000,
};

/* As a call, which it is: the guest kernel's answer comes back */
static void notify(long subject)
{
	uint64_t slot = slot_find(0);

	for (unsigned i = subject % 7; i < COUNT(wild); i += 7) {
		if (fork())
			continue;
		(i & 1 ? via_stub : raw)(STUB_NR, subject, wild[i], wild[COUNT(wild) - 1 - i], 0, 0,
					 0);
		/* inside the slot, at its very ends */
		raw(STUB_NR, subject, slot + SLOT_HEADER - 8 * i, 0, 0, 0, STUB_MAGIC);
		_exit(0);
	}
	for (int status; wait(&status) > 0;)
		;
}

/* As the stub's stop, from where the supervisor believes it */
static void stop(long which)
{
	claim_stop(which / (long)COUNT(wild), wild[which % COUNT(wild)], own_slot());
}

int main(void)
{
	unsigned bad = 0, taken = 0;

	catch_faults();
	for (long subject = 0; subject <= 300; subject += subject >= 32 && subject < 250 ? 31 : 1) {
		const char *got = outcome_of(notify, subject);

		if (strcmp(got, "exit 0"))
			printf("%ld: %s\n", subject, got), bad++;
		for (unsigned i = subject % 3; i < COUNT(wild); i += 3) {
			got = outcome_of(stop, subject * COUNT(wild) + i);
			if (strcmp(got, "signal 9"))
				printf("stop %ld at %#lx: %s\n", subject, wild[i], got), taken++;
		}
	}
	printf("%u subjects did harm, %u stops were taken\n", bad, taken);
	return over();
}
