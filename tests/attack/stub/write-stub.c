// SPDX-License-Identifier: GPL-2.0-only
/* write-stub - write to the stub, its command page, others' pages and the guest kernel's memory */
#include "tests/attack/attack.h"

#include <fcntl.h>

static const struct {
	const char *name;
	uint64_t at;
} places[] = {
	{ "code", STUB_CODE },
	{ "commands", STUB_CONTROL },
	{ "filter", STUB_CONTROL + CONTROL_FILTER },
	{ "next process's commands", STUB_CONTROL + CONTROL_SIZE },
	{ "vdso", STUB_VDSO },
	{ "vsyscall", 0xffffffffff600000 },
	{ "guest kernel's text", VT_PAGE_OFFSET + VT_KERNEL_PHYS },
	{ "guest kernel's data", VT_PAGE_OFFSET + (16UL << 20) },
	{ "guest kernel's vmalloc", VT_VMALLOC_START },
	{ "host kernel", 0xffffffff81000000 },
	{ "host direct map", 0xffff888000000000 },
};

int main(void)
{
	uint64_t readable = 0, writable = 0, own = 0;
	int fds[2], fd;

	catch_faults();
	for (unsigned i = 0; i < COUNT(places); i++)
		printf("%s: %s\n", places[i].name,
		       touch(places[i].at, true) ? "refused" : "WRITTEN");
	for (uint64_t at = STUB_SLOTS; at < STUB_SLOTS + 32768UL * SLOT_SIZE; at += SLOT_SIZE) {
		own += !touch(at + SLOT_HEADER, false);
		if (own > 8)
			break;
	}
	/* a program alone has one thread, and its slot */
	printf("slots: %lu\n", own);
	for (uint64_t at = VT_PAGE_OFFSET; at < VT_PAGE_OFFSET + (64UL << 20); at += 1UL << 20)
		readable += !touch(at, false);
	for (uint64_t at = VT_TASK_SIZE; at < 1UL << 47; at += 1UL << 24)
		writable += !touch(at + (1UL << 23), true);
	printf("kernel memory: %lu readable, beyond the task: %lu writable\n", readable, writable);

	/* and have the kernel do it */
	if (pipe(fds))
		return 1;
	fd = open("/dev/zero", O_RDWR);
	printf("write from kernel: %ld\n",
	       raw(SYS_write, fds[1], VT_PAGE_OFFSET + VT_KERNEL_PHYS, 16, 0, 0, 0));
	printf("read to kernel: %ld\n",
	       raw(SYS_read, fd, VT_PAGE_OFFSET + VT_KERNEL_PHYS, 16, 0, 0, 0));
	printf("read to stub: %ld\n", raw(SYS_read, fd, STUB_CONTROL, 16, 0, 0, 0));
	printf("write from stub: %ld\n", raw(SYS_write, fds[1], STUB_CONTROL, 16, 0, 0, 0));
	printf("process_vm_writev: %ld\n", raw(SYS_process_vm_writev, getpid(), (long)&(struct {
						       void *p;
						       long l;
					       }){ fds, 8 },
					       1, (long)&(struct {
						       long p;
						       long l;
					       }){ STUB_CODE, 8 },
					       1, 0));
	return over();
}
