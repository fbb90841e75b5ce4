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

/* What 32-bit code shares with who started it: its text, the way there, and what its call gave */
#define LOW 0x10000000
#define CALL 20 /* getpid */
static struct low {
	uint8_t code[64];
	struct {
		uint32_t offset;
		uint16_t segment;
	} __attribute__((packed)) far;
	volatile int32_t result;
} * low;

static const struct {
	const char *name;
	uint8_t entry[2];
} compatible[] = {
	{ "syscall", { 0x0f, 0x05 } },
	{ "int 0x80", { 0xcd, 0x80 } },
	{ "sysenter", { 0x0f, 0x34 } },
	{ "no call", { 0x90, 0x90 } }, /* so that we know that the others got there */
};

/* The 32-bit code segment is in every x86-64 process: the entry, then mov %eax, result; ud2 */
static void compatibility_mode(long which)
{
	uint32_t result = LOW + offsetof(struct low, result);

	memcpy(low->code, compatible[which].entry, 2);
	low->code[2] = 0xa3;
	memcpy(low->code + 3, &result, 4);
	memcpy(low->code + 7, "\x0f\x0b", 2);
	low->far.offset = LOW;
	low->far.segment = 0x23;
	low->result = 0;
	asm volatile("mov %1, %%rsp\n mov %4, %%ds\n ljmpl *%0"
		     :
		     : "m"(low->far), "r"(LOW + PAGE), "a"(CALL), "d"(low), "b"(0x2b)
		     : "memory");
	_exit(3);
}

static bool compatibility_mode_init(void)
{
	low = mmap((void *)LOW, PAGE, 7, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return low != MAP_FAILED;
}

/* Which exception it is that ends these is the processor's maker's choice: the same on the host */
static void by_maker(void)
{
	report("sysenter", sysenter, 0);
	report("sysenter", sysenter, 20);
	for (long which = 0; which < (long)COUNT(compatible); which++) {
		printf("compatibility mode, ");
		report(compatible[which].name, compatibility_mode, which);
	}
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

int main(int argc, char **argv)
{
	long none = 0;

	if (!compatibility_mode_init())
		return 1;
	if (argc > 1 && !strcmp(argv[1], "by-maker")) {
		by_maker();
		return 0;
	}
	int80_all(0);
	int80_all(1);
	for (long nr = 0; nr < 600; nr++)
		none += raw(X32 | nr, 0, 0, 0, 0x11 | STUB_MAP_MARK, 3, STUB_MAGIC) == -ENOSYS;
	printf("x32: %ld of 600 do not exist\n", none);
	none = raw(0x100000000, 1, (long)"", 1, 0, 0, STUB_MAGIC);
	printf("number beyond 32 bits: %s\n", none < 0 ? "an error" : "as without");
	report("negative", int80, -1);
	for (long which = 0; which < 4; which++)
		report(which < 3 ? "vsyscall" : "vsyscall that does not exist", vsyscall, which);
	by_maker();
	for (long which = 0; which < (long)COUNT(compatible); which++) {
		const char *got = outcome_of(compatibility_mode, which);

		if (low->result == CALL)
			got = "came through";
		else if (!low->result || low->result == -ENOSYS)
			got = "did nothing";
		printf("compatibility mode, %s %s\n", compatible[which].name, got);
	}
	return over();
}
