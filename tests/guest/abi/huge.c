// SPDX-License-Identifier: GPL-2.0-only
/* huge.c - memory for which huge pages are asked gets them, other memory smaller ones */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE (2UL << 20)

static long huge_kb(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "AnonHugePages: %ld kB", &kb) == 1)
			break;
	}
	fclose(file);
	return kb;
}

int main(void)
{
	char *plain = aligned_alloc(HUGE, 2 * HUGE), *asked = aligned_alloc(HUGE, 2 * HUGE);

	if (!plain || !asked)
		return 1;
	memset(plain, 1, 2 * HUGE);
	printf("not asked: %ld kB\n", huge_kb());
	printf("madvise: %d\n", madvise(asked, 2 * HUGE, MADV_HUGEPAGE));
	memset(asked, 1, 2 * HUGE);
	printf("asked: %ld kB\n", huge_kb());
	return 0;
}
