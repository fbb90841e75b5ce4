// SPDX-License-Identifier: GPL-2.0-only
/* stub-remap - unmap, protect, replace or move the stub, its command page and its slots */
#include "tests/attack/attack.h"

static const struct {
	const char *name;
	uint64_t at, len;
} parts[] = {
	{ "code", STUB_CODE, PAGE },
	{ "control", STUB_CONTROL, CONTROL_SIZE },
	{ "vdso", STUB_VDSO, 4 * PAGE },
	{ "slots", STUB_SLOTS, 64 * SLOT_SIZE },
	{ "everything", STUB_CODE, 1UL << 36 },
};

static void remap(unsigned part)
{
	uint64_t at = parts[part].at, len = parts[part].len;
	unsigned done = 0;

	for (int way = 0; way < 2; way++) {
		long (*call)(long, long, long, long, long, long, long) = way ? via_stub : raw;

		done += !call(SYS_munmap, at, len, 0, 0, 0, STUB_MAGIC);
		done += !call(SYS_mprotect, at, len, 7, 0, 0, STUB_MAGIC);
		done += !call(SYS_pkey_mprotect, at, len, 7, 0, 0, STUB_MAGIC);
		done += !call(SYS_madvise, at, len, MADV_DONTNEED, 0, 0, STUB_MAGIC);
		done += call(SYS_mremap, at, PAGE, PAGE, 1, 0, STUB_MAGIC) > 0;
		done += call(SYS_mmap, at, PAGE, 7, 0x32, -1, 0) > 0;
		done += call(SYS_mmap, at, PAGE, 7, 0x32 | STUB_MAP_MARK, -1, 0) > 0;
		done += call(SYS_brk, at + len, 0, 0, 0, 0, STUB_MAGIC) == (long)(at + len);
		done += !call(SYS_remap_file_pages, at, PAGE, 0, 0, 0, STUB_MAGIC);
		done += !call(SYS_mlock, at, len, 0, 0, 0, STUB_MAGIC);
	}
	printf("%s: %u done\n", parts[part].name, done);
}

int main(void)
{
	catch_faults();
	for (unsigned i = 0; i < COUNT(parts); i++)
		remap(i);
	printf("code is %s\n", touch(STUB_CODE, true) ? "read-only" : "WRITABLE");
	printf("getpid through it: %s\n",
	       via_stub(SYS_getpid, 0, 0, 0, 0, 0, 0) == getpid() ? "ok" : "bad");
	return over();
}
