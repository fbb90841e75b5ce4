// SPDX-License-Identifier: GPL-2.0-only
/* referenced.c - smaps tells what was used since /proc/PID/clear_refs was written to */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 10
#define SIZE (PAGES * 4096UL)

static long referenced_kb(const volatile char *area)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start;
	long kb = -1;
	char line[256];
	int here = 0;

	if (!file)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-", &start) == 1 && strchr(line, '-'))
			here = start == (unsigned long)area;
		else if (here)
			sscanf(line, "Referenced: %ld kB", &kb);
	}
	fclose(file);
	return kb;
}

int main(void)
{
	/* between two that are not accessible, lest it be joined with another */
	char *room = mmap(NULL, SIZE + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *area = room + 4096;
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	mprotect((void *)area, SIZE, PROT_READ | PROT_WRITE);
	memset((void *)area, 1, SIZE);
	printf("written: %ld kB\n", referenced_kb(area));
	if (write(fd, "1", 1) != 1)
		return 1;
	printf("cleared: %ld kB\n", referenced_kb(area));
	for (unsigned long i = 0; i < SIZE; i += 4096)
		(void)area[i];
	printf("read: %ld kB\n", referenced_kb(area));
	return 0;
}
