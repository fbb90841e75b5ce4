// SPDX-License-Identifier: GPL-2.0-only
/* read-leftovers - look for another process's registers in slots that were used before
 *
 * Children load a canary into every vector register and stop in their stubs; later children search
 * the slots of their own host process. Others map much memory at an address of their own; later
 * ones look for it among the commands of their host process.
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

	for (uint64_t page = STUB_SLOTS; page < STUB_SLOTS + 256 * SLOT_SIZE; page += PAGE) {
		if (touch(page, false))
			continue;
		for (uint64_t *p = (uint64_t *)page; p < (uint64_t *)(page + PAGE); p++)
			found += is_secret(*p);
	}
	_exit(found > 255 ? 255 : found);
}

#define PLACE 0x5ec7e7000000UL
#define PLACE_SIZE (64 * PAGE)

/* Every other page is another mapping, so that each is a command */
static void map_somewhere(long unused)
{
	char *area = mmap((void *)PLACE, PLACE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	for (uint64_t at = 0; at < PLACE_SIZE; at += 2 * PAGE)
		mprotect(area + at, PAGE, PROT_READ);
	for (uint64_t at = PAGE; at < PLACE_SIZE; at += 2 * PAGE)
		area[at] = 1;
	for (uint64_t at = 0; at < PLACE_SIZE; at += 2 * PAGE)
		(void)((volatile char *)area)[at];
	if (!fork()) /* which maps all of it at once */
		_exit(0);
	wait(NULL);
}

static void search_commands(long unused)
{
	unsigned found = 0;

	for (volatile uint64_t *p = (uint64_t *)STUB_CONTROL;
	     p < (uint64_t *)(STUB_CONTROL + CONTROL_SIZE); p++)
		found += *p >= PLACE && *p < PLACE + PLACE_SIZE;
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
	for (unsigned i = 0; i < 10; i++)
		outcome_of(map_somewhere, 0);
	report("addresses in a fresh process", search_commands, 0);
	return over();
}
