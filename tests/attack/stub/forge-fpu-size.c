// SPDX-License-Identifier: GPL-2.0-only
/* forge-fpu-size - fork from a frame whose FPU image claims to fill the slot */
#include "tests/attack/attack.h"

#define FX_SW 464
#define FP_XSTATE_MAGIC1 0x46505853U

static const uint32_t sizes[] = { 0,	       512,	  576,
				  4096,	       16384,	  SLOT_HEADER - 16,
				  SLOT_HEADER, SLOT_SIZE, 0x7fffffff,
				  0xffffffff,  0xfffffe00 };
static const uint32_t offsets[] = { 0,	      16, 64, 448, 512, SLOT_HEADER - 512, SLOT_HEADER - 16,
				    SLOT_SIZE };

static void resumed(void)
{
	_exit(7);
}

static void forge(long which)
{
	uint64_t slot = slot_find(0), uc = slot + 2048;
	uint32_t size = sizes[which % COUNT(sizes)], offset = offsets[which / COUNT(sizes)];
	struct native_frame *frame = (struct native_frame *)uc;

	native_frame_init(frame, (void *)resumed, (void *)(slot + SLOT_SIZE / 2 + 8));
	frame->gregs[REG_RAX] = SYS_clone;
	frame->gregs[REG_RDI] = SIGCHLD;
	frame->fpstate = slot + offset;
	if (offset + FX_SW + 8 <= SLOT_SIZE) {
		*(uint32_t *)(slot + offset + FX_SW) = FP_XSTATE_MAGIC1;
		*(uint32_t *)(slot + offset + FX_SW + 4) = size;
	}
	raw(STUB_NR, SIGSYS, uc, 0, 0, 0, STUB_MAGIC);
	_exit(0);
}

int main(void)
{
	unsigned bad = 0;

	catch_faults();
	for (unsigned i = 0; i < COUNT(sizes) * COUNT(offsets); i++) {
		const char *got = outcome_of(forge, i);

		if (!strcmp(got, "unkillable") || !strcmp(got, "hung"))
			printf("%u: %s\n", i, got), bad++;
	}
	printf("%u images did harm\n", bad);
	return over();
}
