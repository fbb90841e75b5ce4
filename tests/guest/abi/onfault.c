/* SPDX-License-Identifier: GPL-2.0-only */
/* onfault.c - MLOCK_ONFAULT locks what is touched, and has nothing else brought in */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 8
#define PAGE 4096UL

static void residence(const char *when, void *area)
{
	unsigned char there[PAGES];

	mincore(area, sizeof(there) * PAGE, there);
	printf("%s: ", when);
	for (unsigned int i = 0; i < PAGES; i++)
		putchar(there[i] & 1 ? '#' : '-');
	putchar('\n');
}

int main(void)
{
	char *area =
	    mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	if (mlock2(area, PAGES * PAGE, MLOCK_ONFAULT))
		perror("mlock2");
	residence("locked", area);
	area[2 * PAGE] = 1;
	area[3 * PAGE] = 1;
	residence("two touched", area);
	munlockall();
	mlockall(MCL_CURRENT);
	residence("all locked", area);
	return 0;
}
