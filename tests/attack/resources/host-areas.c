// SPDX-License-Identifier: GPL-2.0-only
/* host-areas - page table entries that each cost the host an area
 *
 * In each of some processes every second page of a large area is read: 8 bytes of page table each,
 * and no memory besides. What the host has of it is counted outside (attack.t).
 */
#include "tests/attack/attack.h"

#define PROCESSES 4
#define PAGES 40000U

static unsigned read_all(char *p)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < PAGES; i++)
		zeros += !*(volatile char *)(p + i * 2 * PAGE);
	return zeros;
}

int main(int argc, char **argv)
{
	int ready[2];
	char byte;

	(void)argc;
	(void)argv;
	if (pipe(ready))
		return 1;
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (!fork()) {
			char *p = mmap(NULL, PAGES * 2 * PAGE, PROT_READ,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

			if (read_all(p) == PAGES)
				write(ready[1], "x", 1);
			pause();
		}
		read(ready[0], &byte, 1);
	}
	puts("all read");
	fflush(stdout);
	sleep(2);
	kill(0, SIGKILL);
}
