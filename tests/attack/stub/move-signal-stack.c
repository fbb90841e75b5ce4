// SPDX-License-Identifier: GPL-2.0-only
/* move-signal-stack - have the host write its signal frames somewhere else, then stop there */
#include "tests/attack/attack.h"

static char stack[65536] __attribute__((aligned(16)));
static char own[65536] __attribute__((aligned(4096)));

static const struct {
	const char *name;
	void *at;
	size_t size;
} stacks[] = {
	{ "own memory", own, sizeof(own) },
	{ "command page", (void *)STUB_CONTROL, CONTROL_SIZE },
	{ "stub code", (void *)STUB_CODE, PAGE },
	{ "all slots", (void *)STUB_SLOTS, 1UL << 30 },
	{ "kernel", (void *)VT_PAGE_OFFSET, 1UL << 30 },
	{ "nothing", NULL, 0 },
	{ "not canonical", (void *)(1UL << 62), 1UL << 40 },
	{ "too small", own, 2048 },
};

static volatile int stop_kind;

static void stop(void)
{
	switch (stop_kind) {
	case 0:
		*(volatile char *)8 = 1;
		break;
	case 1:
		raw(SYS_fork, 0, 0, 0, 0, 0, 0);
		break;
	case 2: /* the kick comes */
		alarm(1);
		for (;;)
			;
	}
	_exit(0);
}

static void move(long which)
{
	struct native_frame frame;

	stop_kind = which % 3;
	native_frame_init(&frame, (void *)stop, stack + sizeof(stack) - 8);
	frame.stack = (stack_t){ .ss_sp = stacks[which / 3].at, .ss_size = stacks[which / 3].size };
	native_sigreturn(&frame);
}

int main(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < 3 * COUNT(stacks); i++) {
		const char *got = outcome_of(move, i);

		if (!strcmp(got, "hung") || !strcmp(got, "unkillable"))
			printf("%s, stop %u: %s\n", stacks[i / 3].name, i % 3, got), bad++;
	}
	printf("%u stacks did harm\n", bad);
	return over();
}
