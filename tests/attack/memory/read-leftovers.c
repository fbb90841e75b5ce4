// SPDX-License-Identifier: GPL-2.0-only
/* read-leftovers - look for another process's registers in slots that were used before
 *
 * Children load a canary into every vector register and stop in their stubs; later children search
 * the slots of their own host process.
 */
#include "tests/attack/attack.h"

#include <pthread.h>

#define SECRET 0x5ec7e75ec7e75ec7UL

static void hold(long unused)
{
	for (int i = 0; i < 3; i++) {
		asm volatile(
		    "movq %0, %%xmm5\n punpcklqdq %%xmm5, %%xmm5\n movdqa %%xmm5, %%xmm9\n"
		    "movdqa %%xmm5, %%xmm1\n mov %0, %%r14\n mov %0, %%r15\n mov %0, %%r13\n"
		    "mov $57, %%eax\n syscall\n" /* fork: stops with all registers */
		    "test %%eax, %%eax\n jnz 1f\n mov $60, %%eax\n xor %%edi, %%edi\n syscall\n1:"
		    :
		    : "r"(SECRET)
		    : "xmm5", "xmm9", "xmm1", "r13", "r14", "r15", "rax", "rcx", "r11", "rdi",
		      "memory");
		wait(NULL);
	}
}

static void *hold_in_thread(void *arg)
{
	hold(0);
	return NULL;
}

static void hold_with_threads(long unused)
{
	pthread_t threads[6];

	for (unsigned i = 0; i < COUNT(threads); i++)
		pthread_create(&threads[i], NULL, hold_in_thread, NULL);
	for (unsigned i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

/* Without the secret in a register, or the search would find itself */
static bool is_secret(uint64_t value)
{
	return (uint32_t)value == (uint32_t)SECRET && value >> 32 == SECRET >> 32;
}

static void search(long unused)
{
	unsigned found = 0;

	for (uint64_t i = 0; i < 256; i++) {
		uint64_t slot = STUB_SLOTS + i * SLOT_SIZE;

		if (touch(slot, false))
			continue;
		for (uint64_t *p = (uint64_t *)slot; p < (uint64_t *)(slot + SLOT_SIZE); p++)
			found += is_secret(*p);
	}
	_exit(found > 255 ? 255 : found);
}

static void *search_in_thread(void *arg)
{
	pause();
	return NULL;
}

/* More threads than we had: slots that other processes have used */
static void search_with_threads(long unused)
{
	pthread_t thread;

	for (unsigned i = 0; i < 8; i++)
		pthread_create(&thread, NULL, search_in_thread, NULL);
	usleep(20000);
	search(0);
}

int main(void)
{
	catch_faults();
	for (unsigned i = 0; i < 10; i++)
		outcome_of(i & 1 ? hold : hold_with_threads, 0);
	report("leftovers in a fresh process", search, 0);
	report("leftovers in fresh threads", search_with_threads, 0);
	report("leftovers in a fresh process", search, 0);
	return over();
}
