// SPDX-License-Identifier: GPL-2.0-only
/* stop-elsewhere - tell of a stop in a system call that sleeps: the answer is to be no chance to
 *run while others do, with what is mapped no longer
 */
#include "tests/attack/attack.h"

#include <pthread.h>

#define SLEEPERS 16

static char stack[65536] __attribute__((aligned(16)));
static volatile unsigned long steps;
static uint64_t slot;

static void *sleeper(void *arg)
{
	pause();
	return NULL;
}

static __attribute__((noreturn)) void run_on(void)
{
	struct native_frame *frame = (struct native_frame *)(slot + SLOT_HEADER - PAGE);

	native_frame_init(frame, NULL, stack + sizeof(stack) - 8);
	frame->gregs[REG_RAX] = SYS_pause;
	steps = 1; /* its page is there and writable, or there would be a stop in order */
	while (raw(STUB_NR, SIGSYS, (long)frame, 0, 0, 0, 0) == -ENOSYS)
		pause();
	for (;;)
		steps++;
}

static void *forger(void *arg)
{
	slot = own_slot();
	run_on();
}

/* Sleeps in the guest kernel, whatever its signals' mask */
static void *blocker(void *arg)
{
	struct native_frame frame;

	slot = own_slot();
	native_frame_init(&frame, (void *)run_on, stack + sizeof(stack) - 8);
	frame.mask = ~0UL;
	native_sigreturn(&frame);
}

static void run(long which)
{
	pthread_t thread;
	unsigned long before;

	pthread_create(&thread, NULL, which ? blocker : forger, NULL);
	for (unsigned i = 0; i < SLEEPERS; i++)
		pthread_create(&thread, NULL, sleeper, NULL);
	while (!steps) /* it has not begun */
		usleep(1000);
	usleep(100000);
	before = steps;
	for (unsigned i = 0; i < 2000; i++)
		raw(SYS_getppid, 0, 0, 0, 0, 0, 0);
	/* it may run, but only instead of us: not while we make no calls */
	for (volatile unsigned long i = 0; i < 100000000; i++)
		;
	_exit(steps != before);
}

int main(void)
{
	catch_faults();
	report("a forged stop", run, 0);
	report("a forged stop, signals blocked", run, 1);
	return over();
}
