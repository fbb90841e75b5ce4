/* SPDX-License-Identifier: GPL-2.0-only */
/* low.c - MAP_32BIT, with and without a hint, and when its gigabyte is full */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void *low(void *hint, size_t size)
{
	return mmap(hint, size, PROT_NONE, MAP_32BIT | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	void *hint = (void *)0x50000000, *got = low(NULL, 4096), *at = low(hint, 4096);

	printf("without a hint: %s\n", (uintptr_t)got >> 31 ? "high" : "low");
	printf("at a hint: %s\n", at == hint ? "there" : "elsewhere");
	printf("hint taken: %s\n", low(hint, 4096) == hint ? "there" : "elsewhere");
	got = low(NULL, 2UL << 30);
	printf("2 GiB: %s\n", got == MAP_FAILED ? strerrorname_np(errno) : "mapped");
	return 0;
}
