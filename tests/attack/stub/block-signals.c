// SPDX-License-Identifier: GPL-2.0-only
/* block-signals - block every signal on the host with a sigreturn of our own, so that no kick comes
 */
#include "tests/attack/attack.h"

static char stack[65536] __attribute__((aligned(16)));

static void spin(void)
{
	for (;;)
		;
}

static void calls(void)
{
	for (;;)
		raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static void full_call(void)
{
	raw(SYS_fork, 0, 0, 0, 0, 0, 0);
	_exit(0);
}

static void fault(void)
{
	*(volatile char *)8 = 1;
	_exit(0);
}

static void (*const afterwards[])(void) = { spin, calls, full_call, fault };
static const char *const name[] = { "spin", "calls", "fork", "fault" };

static void block(long what)
{
	struct native_frame frame;

	native_frame_init(&frame, (void *)afterwards[what], stack + sizeof(stack) - 8);
	frame.mask = ~0UL;
	native_sigreturn(&frame);
}

/* While it spins, the rest of the guest must go on, and alarms and kill must reach it */
static void alarmed(long what)
{
	alarm(1);
	block(what);
}

int main(void)
{
	for (unsigned i = 0; i < COUNT(name); i++) {
		printf("%s: ", name[i]);
		report("killed", block, i);
	}
	report("alarm while it spins", alarmed, 0);
	report("alarm while it calls", alarmed, 1);
	return over();
}
