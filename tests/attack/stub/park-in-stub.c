// SPDX-License-Identifier: GPL-2.0-only
/* park-in-stub - make the one waiting system call that the host allows the stub, to be stopped by
 *		  nobody
 */
#include "tests/attack/attack.h"

static char stack[65536] __attribute__((aligned(16)));
static uint64_t set_address, code_address;
static const uint64_t own_set = ~(1UL << (SIGUSR1 - 1)); /* all but the kick */

/* Afterwards the stub tells the supervisor of a stop; of which, r13 and r14 say */
static __attribute__((noreturn)) void wait_there(void)
{
	register long r9 asm("r9") = STUB_MAGIC, r10 asm("r10") = 8, r13 asm("r13") = SIGUSR1;

	asm volatile("xor %%r14d, %%r14d\n"
		     "	jmp *%%rbx"
		     :
		     : "a"(SYS_rt_sigtimedwait), "D"(set_address), "S"(0), "d"(0), "r"(r9),
		       "r"(r10), "r"(r13), "b"(code_address)
		     : "r14", "memory");
	__builtin_unreachable();
}

static void wait_blocked(void)
{
	struct native_frame frame;

	native_frame_init(&frame, (void *)wait_there, stack + sizeof(stack) - 8);
	frame.mask = ~0UL;
	native_sigreturn(&frame);
}

static void alarmed(long blocked)
{
	alarm(1);
	if (blocked)
		wait_blocked();
	wait_there();
}

/* Nobody asks it to stop but the end of its process */
static void forever(long blocked)
{
	if (blocked)
		wait_blocked();
	wait_there();
}

int main(void)
{
	code_address = STUB_PARK_RETURN - 2;
	set_address = STUB_PARK_SET;
	report("in the stub, alarmed", alarmed, 0);
	report("signals blocked, alarmed", alarmed, 1);
	report("for ever", forever, 0);
	report("for ever, signals blocked", forever, 1);

	set_address = (uint64_t)&own_set;
	report("for signals of its own", alarmed, 0);
	report("for signals of its own, blocked", alarmed, 1);

	/* its own code's call is the guest kernel's, which sees no memory where the stub is */
	printf("elsewhere: %s\n",
	       raw(SYS_rt_sigtimedwait, STUB_PARK_SET, 0, 0, 8, 0, STUB_MAGIC) == -EFAULT
		   ? "EFAULT"
		   : "something");
	return over();
}
