// SPDX-License-Identifier: GPL-2.0-only
/* stub-map-physical - map the memory files by the numbers that they have in the stub, any offset */
#include "tests/attack/attack.h"

static const long offsets[] = { 0, 0x100000, 0x200000, 1L << 26, 1L << 40, 0x7ffffffffffff000 };

static int fd_of(int i)
{
	return STUB_FD_PHYS + i;
}

int main(void)
{
	char *hint = mmap(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned tries = 0, refused = 0, readable = 0;

	catch_faults();
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	for (int i = 0; i < 3; i++) {
		for (unsigned o = 0; o < COUNT(offsets); o++) {
			for (int way = 0; way < 4; way++) {
				long flags = 0x11 | STUB_MAP_MARK | (way & 1 ? 0x8000 : 0);
				long prot = PROT_READ | PROT_WRITE;
				long ret = (way & 2 ? via_stub : raw)(
				    SYS_mmap, (long)hint, PAGE, prot, flags, fd_of(i), offsets[o]);

				tries++;
				refused += ret < 0 && ret > -4096;
				readable += !touch((uint64_t)hint, false);
			}
		}
	}
	printf("refused %u of %u, readable %u\n", refused, tries, readable);
	return over();
}
