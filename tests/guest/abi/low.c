/* SPDX-License-Identifier: GPL-2.0-only */
/* low.c - the ends of the address space: MAP_32BIT, and the last page that there is */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void *low(void *hint, size_t size)
{
	return mmap(hint, size, PROT_NONE, MAP_32BIT | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Stock Linux has another 1.5 GiB: docs/DESIGN.md, "Choices that may surprise" */
#define END 0x7fffa0000000

static const char *fixed(uintptr_t at)
{
	void *got = mmap((void *)at, 4096, PROT_READ | PROT_WRITE,
			 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (got == MAP_FAILED)
		return strerrorname_np(errno);
	*(volatile char *)(at + 4095) = 1;
	munmap(got, 4096);
	return "ok";
}

int main(void)
{
	void *hint = (void *)0x50000000, *got = low(NULL, 4096), *at = low(hint, 4096);

	printf("without a hint: %s\n", (uintptr_t)got >> 31 ? "high" : "low");
	printf("at a hint: %s\n", at == hint ? "there" : "elsewhere");
	printf("hint taken: %s\n", low(hint, 4096) == hint ? "there" : "elsewhere");
	got = low(NULL, 2UL << 30);
	printf("2 GiB: %s\n", got == MAP_FAILED ? strerrorname_np(errno) : "mapped");
	printf("the last page: %s\n", fixed(END - 4096));
	printf("behind it: %s\n", fixed(END));
	return 0;
}
