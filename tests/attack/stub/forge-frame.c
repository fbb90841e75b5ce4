// SPDX-License-Identifier: GPL-2.0-only
/* forge-frame - random signal frames in the own slot, claimed to be what the host wrote */
#include "tests/attack/attack.h"

#define ROUNDS 400U

static uint64_t state = 88172645463325252;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static uint64_t interesting(uint64_t slot)
{
	static const uint64_t values[] = {
		0,
		1,
		~0UL,
		1UL << 63,
		0x800000000000,
		VT_PAGE_OFFSET,
		STUB_CODE,
		STUB_CONTROL,
		0x246,
		0x7f,
		0x4000000000000000,
		0x46505853,
		0xffffffff46505853,
		0x7eff46505853,
	};
	uint64_t n = next_random();

	if (n & 1)
		return values[(n >> 8) % COUNT(values)];
	if (n & 2)
		return slot + ((n >> 8) % SLOT_SIZE & ~15UL);
	return next_random();
}

static void forge(long seed)
{
	static const int subjects[] = { SIGSYS, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE,
					SIGILL, SIGUSR1, 0,	 256 };
	uint64_t slot = slot_find(0), *words = (uint64_t *)slot, uc;

	state += seed * 7919;
	for (unsigned i = 0; i < SLOT_SIZE / 8; i++)
		words[i] = interesting(slot);
	uc = slot + (next_random() % (SLOT_HEADER - 304) & ~7UL);
	if (seed & 1) { /* plausible but for one thing */
		struct native_frame *frame = (struct native_frame *)uc;

		native_frame_init(frame, (void *)forge, (void *)(slot + SLOT_SIZE / 2));
		frame->gregs[REG_RAX] = next_random() % 470;
		frame->gregs[next_random() % 23] = interesting(slot);
		frame->fpstate = interesting(slot);
	}
	raw(STUB_NR, subjects[next_random() % COUNT(subjects)], uc, 0, 0, 0, STUB_MAGIC);
	_exit(0);
}

int main(void)
{
	unsigned bad = 0;

	catch_faults();
	for (long seed = 0; seed < ROUNDS; seed++) {
		const char *got = outcome_of(forge, seed);

		if (!strcmp(got, "unkillable"))
			printf("%ld: %s\n", seed, got), bad++;
	}
	printf("%u of %u frames did harm\n", bad, ROUNDS);
	return over();
}
