// SPDX-License-Identifier: GPL-2.0-only
/* exhaust-memory - memory, mappings and descriptors until something says no */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static void memory(long unused)
{
	for (;;) {
		char *p = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		for (unsigned i = 0; i < 1 << 24; i += PAGE)
			p[i] = 1;
	}
}

/* Every page its own host mapping: more than the host's vm.max_map_count */
static void mappings(long unused)
{
	unsigned pages = 140000, n = 0;
	int fd = memfd_create("m", 0);
	char *p;

	if (ftruncate(fd, 4 * PAGE))
		_exit(2);
	p = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (unsigned i = 0; i < pages; i += 2) {
		if (mmap(p + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, i % 4 * PAGE) ==
		    MAP_FAILED)
			break;
		n++;
		*(volatile char *)(p + i * PAGE);
	}
	_exit(n > 30000 && n < pages / 2 ? 1 : 3);
}

/* Pages that are mapped in the host process one by one, without a mapping each in the guest */
static void fragments(long unused)
{
	unsigned pages = 45000;
	char *p = mmap(NULL, pages * 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned long sum = 0;

	madvise(p, pages * 2 * PAGE, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < pages; i++) {
		unsigned at = (i * 7919UL) % pages;

		p[at * 2 * PAGE] = 1;
		if (i % 3 == 0)
			mprotect(p + at * 2 * PAGE, PAGE, PROT_READ);
	}
	for (unsigned i = 0; i < pages; i++)
		sum += p[i * 2 * PAGE];
	_exit(sum == pages ? 1 : 2);
}

static void descriptors(long unused)
{
	struct rlimit most = { 1 << 20, 1 << 20 };
	unsigned n = 0;

	setrlimit(RLIMIT_NOFILE, &most);
	while (n < 1 << 17 && eventfd(0, 0) >= 0)
		n++;
	_exit(n > 1000 ? 1 : 2);
}

int main(void)
{
	report("descriptors", descriptors, 0);
	report("mappings", mappings, 0);
	report("fragments", fragments, 0);
	report("memory", memory, 0);
	return over();
}
