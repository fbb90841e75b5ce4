// SPDX-License-Identifier: GPL-2.0-only
/* rewrite.c - code that changes: by itself, by a JIT, by another mapping, by the kernel
 *
 * Each line says what a function returned before and after its constant was changed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

typedef int function(void);

/* mov $value, %eax; ret */
static void assemble(uint8_t *at, int value)
{
	at[0] = 0xb8;
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xc3;
}

static function *code_at(uint8_t *at)
{
	return (function *)(uintptr_t)at;
}

static void by_itself(uint8_t *code)
{
	/* mov $1, %eax; movb $2, -4(%rip): its own constant; loop back until it is 2 */
	static const uint8_t bytes[] = { 0xb8, 1,    0, 0,    0,    0xc6, 0x05, 0xf5, 0xff,
					 0xff, 0xff, 2, 0x83, 0xf8, 2,	  0x75, 0xef, 0xc3 };

	memcpy(code, bytes, sizeof(bytes));
	printf("by itself: %d\n", code_at(code)());
}

static void jit(uint8_t *code)
{
	long sum = 0;

	for (int n = 0; n < 100000; n++) {
		assemble(code + n % 100 * 16, n);
		sum += code_at(code + n % 100 * 16)();
	}
	printf("by a JIT: %ld\n", sum);
}

static void second_mapping(void)
{
	int fd = memfd_create("code", 0);
	uint8_t *writable, *executable;
	int before;

	if (ftruncate(fd, PAGE))
		return;
	writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	executable = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	assemble(writable, 3);
	before = code_at(executable)();
	assemble(writable, 4);
	printf("through another mapping: %d %d\n", before, code_at(executable)());
	assemble(writable, 5);
	before = code_at(executable)();
	assemble(writable, 6);
	if (pwrite(fd, writable, 6, 0) != 6)
		return;
	printf("by the kernel: %d %d\n", before, code_at(executable)());
}

static void mapping_replaced(void)
{
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int before;

	assemble(code, 7);
	before = code_at(code)();
	mmap(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assemble(code, 8);
	printf("in another page: %d %d\n", before, code_at(code)());
}

#define ROUNDS 200

static uint8_t *shared;
static int round_nr, answered, seen;

static int read_int(int *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static void *follower(void *unused)
{
	for (int n = 1; n <= ROUNDS; n++) {
		while (read_int(&round_nr) != n)
			sched_yield();
		seen += code_at(shared)() == n;
		__atomic_store_n(&answered, n, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Another thread runs what this one writes */
static void for_a_thread(uint8_t *code)
{
	pthread_t thread;

	shared = code;
	pthread_create(&thread, NULL, follower, NULL);
	for (int n = 1; n <= ROUNDS; n++) {
		assemble(code, n);
		__atomic_store_n(&round_nr, n, __ATOMIC_RELEASE);
		while (read_int(&answered) != n)
			sched_yield();
	}
	pthread_join(thread, NULL);
	printf("for another thread: %d of %d\n", seen, ROUNDS);
}

int main(void)
{
	uint8_t *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	by_itself(code);
	jit(code);
	assemble(code + PAGE - 3, 9);
	printf("across two pages: %d", code_at(code + PAGE - 3)());
	assemble(code + PAGE - 3, 0x01010101);
	printf(" %x\n", code_at(code + PAGE - 3)());
	second_mapping();
	mapping_replaced();
	for_a_thread(code);
	return 0;
}
