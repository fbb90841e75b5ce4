// SPDX-License-Identifier: GPL-2.0-only
/* leave-behind - stop for good in a way that takes hold of who is given the host thread next
 *
 * A process that ends leaves its host process, and its host thread, for another one. Here it tells
 * of a stop for exit_group() itself: from its own code, where the answer would find it in the next
 * process; or from the stub's, with registers and a signal stack that the next process is to have.
 */
#include "tests/attack/attack.h"

#define HIJACKED 77
#define ROUNDS 40

static char stack[65536] __attribute__((aligned(16)));
static uint64_t fake_header[SLOT_SIZE / 8] __attribute__((aligned(4096)));

/* A frame in our slot, as the host would have written it at a system call */
static uint64_t claim(uint64_t slot, long nr)
{
	struct native_frame *frame = (struct native_frame *)(slot + SLOT_HEADER - PAGE);

	native_frame_init(frame, NULL, stack + sizeof(stack) - 8);
	frame->gregs[REG_RAX] = nr;
	frame->gregs[REG_RDI] = 0;
	return (uint64_t)frame;
}

static void from_own_code(long unused)
{
	uint64_t frame = claim(own_slot(), SYS_exit_group);

	raw(STUB_NR, SIGSYS, frame, 0, 0, 0, 0);
	/* nobody is ever to come here: least of all another process */
	raw(SYS_exit_group, HIJACKED, 0, 0, 0, 0, 0);
}

static uint64_t left_frame, left_base;

static __attribute__((noreturn)) void stop_for_good(void)
{
	claim_stop(SIGSYS, left_frame, left_base);
}

/* The stub finds the segment bases by this register */
static void with_own_base(long unused)
{
	left_frame = claim(own_slot(), SYS_exit_group);
	left_base = (uint64_t)fake_header;
	stop_for_good();
}

static void with_own_stack(long unused)
{
	struct native_frame frame;

	left_frame = claim(own_slot(), SYS_exit_group);
	left_base = left_frame & -(uint64_t)SLOT_SIZE;
	native_frame_init(&frame, (void *)stop_for_good, stack + sizeof(stack) - 8);
	/* all that there is, slots included: whoever is in it is on it, and cannot leave it */
	frame.stack = (stack_t){ .ss_sp = (void *)PAGE, .ss_size = (1UL << 47) - 2 * PAGE };
	native_sigreturn(&frame);
}

/* Whoever gets what was left behind: it uses thread-local storage, faults and forks */
static void victim(long unused)
{
	uint64_t base;
	int status;

	asm volatile("rdfsbase %0" : "=r"(base));
	if (base != *(uint64_t *)base || touch(8, true) != SIGSEGV)
		_exit(1);
	if (!fork())
		_exit(0);
	_exit(wait(&status) < 0 || status);
}

static void try(const char *name, void (*attack)(long))
{
	unsigned harmed = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *got;

		outcome_of(attack, 0);
		got = outcome_of(victim, 0);
		if (strcmp(got, "exit 0") && !harmed++)
			printf("a victim of %s: %s\n", name, got);
	}
	printf("%s: %u harmed\n", name, harmed);
}

int main(void)
{
	catch_faults();
	fake_header[SLOT_HEADER / 8] = 0x5ec7e7;
	try("own code", from_own_code);
	try("own base", with_own_base);
	try("own signal stack", with_own_stack);
	return over();
}
