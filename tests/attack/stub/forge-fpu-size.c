// SPDX-License-Identifier: GPL-2.0-only
/* forge-fpu-size - fork from a frame whose FPU image claims to be larger than it can be
 *
 * The child is to have the parent's image, so the supervisor copies it.
 */
#include "tests/attack/attack.h"

#define FX_SIZE 512
#define FX_MXCSR 24
#define FX_SW 464
#define FP_XSTATE_MAGIC1 0x46505853U

static const uint32_t sizes[] = { 0,	       512,	  576,
				  4096,	       16384,	  SLOT_HEADER - 16,
				  SLOT_HEADER, SLOT_SIZE, 0x7fffffff,
				  0xffffffff,  0xfffffe00 };
/* below the header, but for the last two */
static const int32_t offsets[] = { 512, 576, 1024, 2048, 3072, 4096, 5120, SLOT_HEADER, 16, -256 };

static char stack[65536] __attribute__((aligned(16)));

static void resumed(void)
{
	_exit(7);
}

static void forge(long which)
{
	uint64_t slot = own_slot(), end = slot + SLOT_HEADER, image;
	struct native_frame *frame = (struct native_frame *)(slot_low(slot) + 64);
	uint32_t size = sizes[which % COUNT(sizes)];

	image = end - offsets[which / COUNT(sizes)];
	native_frame_init(frame, (void *)resumed, stack + sizeof(stack) - 8);
	frame->gregs[REG_RAX] = SYS_clone;
	frame->gregs[REG_RDI] = SIGCHLD;
	frame->fpstate = image;
	if (image >= slot_low(slot) && image + FX_SIZE <= slot + SLOT_SIZE) {
		memset((void *)image, 0, FX_SIZE);
		*(uint32_t *)(image + FX_MXCSR) = 0x1f80;
		*(uint32_t *)(image + FX_SW) = FP_XSTATE_MAGIC1;
		*(uint32_t *)(image + FX_SW + 4) = size;
	}
	claim_stop(SIGSYS, (uint64_t)frame, slot);
}

int main(void)
{
	unsigned bad = 0, forked = 0;

	catch_faults();
	for (unsigned i = 0; i < COUNT(sizes) * COUNT(offsets); i++) {
		const char *got = outcome_of(forge, i);

		forked += !strcmp(got, "exit 7");
		if (!strcmp(got, "unkillable") || !strcmp(got, "hung"))
			printf("%u: %s\n", i, got), bad++;
	}
	printf("%u images did harm, %s\n", bad, forked ? "some forked" : "none forked");
	return over();
}
