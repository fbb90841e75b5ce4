// SPDX-License-Identifier: GPL-2.0-only
/* unmap-everything - a program that takes its own text, stack and all away, then goes on */
#include "tests/attack/attack.h"

static void all(long unused)
{
	raw(SYS_munmap, 0, VT_TASK_SIZE - PAGE, 0, 0, 0, 0);
	raw(SYS_munmap, 0, VT_TASK_SIZE, 0, 0, 0, 0);
}

static void all_through_stub(long unused)
{
	via_stub(SYS_munmap, 0, VT_TASK_SIZE, 0, 0, 0, STUB_MAGIC);
}

static void nothing_readable(long unused)
{
	raw(SYS_mprotect, 0x400000, PAGE, 0, 0, 0, 0);
	for (long at = 0; at < 0x10000000; at += PAGE)
		raw(SYS_mprotect, at, PAGE, 0, 0, 0, 0);
}

static void stack_overflow(long depth)
{
	volatile char frame[4096] = { 0 };

	if (depth >= 0)
		stack_overflow(depth + frame[depth & 1023] + 1);
}

/* The pages that the fault handling itself uses: own signal stack gone, then a signal */
static void no_signal_stack(long unused)
{
	stack_t stack;

	catch_faults();
	sigaltstack(NULL, &stack);
	munmap((void *)((uintptr_t)stack.ss_sp & -PAGE), stack.ss_size + PAGE);
	raise(SIGSEGV);
	touch(8, true);
}

int main(void)
{
	report("all", all, 0);
	catch_faults();
	signal(SIGSEGV, SIG_DFL);
	report("all, through the stub", all_through_stub, 0);
	report("nothing readable", nothing_readable, 0);
	report("stack overflow", stack_overflow, 0);
	report("no signal stack", no_signal_stack, 0);
	return over();
}
