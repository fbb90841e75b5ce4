// SPDX-License-Identifier: GPL-2.0-only
/* forge-frame - signal frames that the host did not write, claimed where the supervisor believes it
 *
 * First random ones, in the own slot: whoever makes them gets what he could have loaded himself, or
 * dies. Then frames that lie in the slot of another thread, or nowhere: nobody may get registers
 * from there, so it must be the end of him.
 */
#include "tests/attack/attack.h"

#include <pthread.h>

#define ROUNDS 400U

static char stack[65536] __attribute__((aligned(16)));
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

static void resumed(void)
{
	_exit(7);
}

static void forge(long seed)
{
	static const int subjects[] = { SIGSYS, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE,
					SIGILL, SIGUSR1, 0,	 256 };
	uint64_t slot = own_slot(), low = slot_low(slot) - slot, uc;
	uint64_t *words = (uint64_t *)slot;

	state += seed * 7919;
	for (unsigned i = low / 8; i < SLOT_SIZE / 8; i++)
		words[i] = interesting(slot);
	uc = slot + low + 8 + (next_random() % (SLOT_HEADER - low - 312) & ~7UL);
	if (seed & 1) { /* plausible but for one thing */
		struct native_frame *frame = (struct native_frame *)uc;

		native_frame_init(frame, (void *)resumed, stack + sizeof(stack) - 8);
		frame->gregs[REG_RAX] = next_random() % 470;
		frame->gregs[next_random() % 23] = interesting(slot);
		frame->fpstate = interesting(slot);
	}
	claim_stop(subjects[next_random() % COUNT(subjects)], uc, slot);
}

/* ---- elsewhere ---- */

static volatile uint64_t other;

/* Leaves a frame in its slot that anybody could go on from */
static void *neighbour(void *arg)
{
	struct native_frame *frame;

	other = own_slot();
	frame = (struct native_frame *)(other + SLOT_HEADER - PAGE);
	native_frame_init(frame, (void *)resumed, stack + sizeof(stack) - 8);
	for (;;)
		pause();
	return NULL;
}

static uint64_t place(unsigned i, uint64_t slot)
{
	const uint64_t places[] = {
		other + SLOT_HEADER - PAGE,
		slot - SLOT_SIZE + SLOT_HEADER - PAGE,
		slot + SLOT_SIZE + SLOT_HEADER - PAGE,
		slot + 2 * SLOT_SIZE + SLOT_HEADER - PAGE,
		slot + SLOT_HEADER,
		slot + SLOT_HEADER - 296,
		slot + SLOT_SIZE,
		slot_low(slot),
		slot_low(slot) - 512,
		slot,
		slot - 8,
		slot + SLOT_HEADER - PAGE + 4,
		slot + SLOT_HEADER - PAGE + (1UL << 32),
		STUB_CONTROL,
		STUB_CODE,
		STUB_SLOTS + (1UL << 30),
		0,
		~7UL,
		VT_PAGE_OFFSET,
		0xffffffff81000000,
	};

	return i < COUNT(places) ? places[i] : 1;
}

static void elsewhere(long which)
{
	uint64_t slot = own_slot();
	pthread_t thread;

	pthread_create(&thread, NULL, neighbour, NULL);
	while (!other)
		usleep(1000);
	usleep(1000);
	native_frame_init((struct native_frame *)(slot + SLOT_HEADER - PAGE), (void *)resumed,
			  stack + sizeof(stack) - 8);
	claim_stop(SIGUSR1, place(which, slot), slot);
}

int main(void)
{
	unsigned bad = 0, i;

	catch_faults();
	for (long seed = 0; seed < ROUNDS; seed++) {
		const char *got = outcome_of(forge, seed);

		if (!strcmp(got, "unkillable"))
			printf("%ld: %s\n", seed, got), bad++;
	}
	printf("%u of %u frames did harm\n", bad, ROUNDS);
	for (bad = i = 0; place(i, 0) != 1; i++) {
		const char *got = outcome_of(elsewhere, i);

		if (strcmp(got, "signal 9"))
			printf("frame %u: %s\n", i, got), bad++;
	}
	printf("%u of %u frames elsewhere were taken\n", bad, i);
	return over();
}
