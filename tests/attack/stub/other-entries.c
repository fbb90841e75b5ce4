// SPDX-License-Identifier: GPL-2.0-only
/* other-entries - ways into the host kernel that are not `syscall`, and numbers of other tables */
#include "tests/attack/attack.h"

#define X32 0x40000000

static void int80(long nr)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(0), "c"(0), "d"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	_exit(ret == -ENOSYS ? 1 : ret < 0 ? 2 : 3);
}

/* What the filter allows is a number of the other table here: 15 is chmod, 9 is link */
static void int80_marked(long nr)
{
	long ret;

	asm volatile("mov %2, %%r9\n int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "r"(STUB_MAGIC), "b"(0), "c"(0), "d"(0), "S"(0x11 | STUB_MAP_MARK)
		     : "memory", "r8", "r9", "r10", "r11");
	_exit(ret == -ENOSYS ? 1 : ret < 0 ? 2 : 3);
}

static void sysenter(long nr)
{
	asm volatile("mov %%rsp, %%rbp\n sysenter" : : "a"(nr), "b"(0), "c"(0), "d"(0) : "memory");
	_exit(3);
}

static void vsyscall(long which)
{
	long (*time_call)(long *) = (void *)(0xffffffffff600000 + which * 1024);
	long then = raw(SYS_time, 0, 0, 0, 0, 0, 0), ret = time_call(NULL);

	_exit(which == 1 && (ret - then > 2 || ret < then) ? 3 : 1);
}

/* The 32-bit code segment is in every x86-64 process; `syscall` and `int` from there */
static void compatibility_mode(long which)
{
	static const uint8_t code[][8] = {
		{ 0x0f, 0x05, 0x0f, 0x0b },
		{ 0xcd, 0x80, 0x0f, 0x0b },
		{ 0x0f, 0x34, 0x0f, 0x0b },
	};
	uint8_t *low =
	    mmap((void *)0x10000000, 2 * PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	struct {
		uint32_t offset;
		uint16_t segment;
	} __attribute__((packed)) far = { (uint32_t)(uintptr_t)low, 0x23 };

	memcpy(low, code[which], sizeof(code[which]));
	asm volatile("mov %1, %%rsp\n ljmpl *%0"
		     :
		     : "m"(far), "r"(low + PAGE), "a"(20L)
		     : "memory");
	_exit(3);
}

static void int80_all(long from)
{
	unsigned worked = 0;

	for (long nr = 0; nr < 480; nr++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			(from ? int80_marked : int80)(nr);
		waitpid(pid, &status, 0);
		worked += WIFEXITED(status) && WEXITSTATUS(status) != 1;
	}
	printf("int 0x80%s: %u of 480 numbers did something\n", from ? " with marks" : "", worked);
}

int main(void)
{
	long none = 0;

	int80_all(0);
	int80_all(1);
	for (long nr = 0; nr < 600; nr++)
		none += raw(X32 | nr, 0, 0, 0, 0x11 | STUB_MAP_MARK, 3, STUB_MAGIC) == -ENOSYS;
	printf("x32: %ld of 600 do not exist\n", none);
	none = raw(0x100000000, 1, (long)"", 1, 0, 0, STUB_MAGIC);
	printf("number beyond 32 bits: %s\n", none < 0 ? "an error" : "as without");
	report("negative", int80, -1);
	for (long nr = 0; nr < 2; nr++)
		report("sysenter", sysenter, nr * 20);
	for (long which = 0; which < 4; which++)
		report(which < 3 ? "vsyscall" : "vsyscall that does not exist", vsyscall, which);
	for (long which = 0; which < 3; which++)
		report("compatibility mode", compatibility_mode, which);
	return over();
}
