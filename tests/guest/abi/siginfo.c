/* SPDX-License-Identifier: GPL-2.0-only */
/* siginfo.c - what a handler learns of each kind of exception */
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static siginfo_t info;
static ucontext_t context;
static char *none, *readonly, *beyond;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	asm volatile("pushf; andl $~0x40000, (%%rsp); popf" ::
			 : "memory"); /* AC stays set otherwise */
	info = *si;
	memcpy(&context, uc, sizeof(context));
	siglongjmp(back, 1);
}

static void read_null(void)
{
	*(volatile char *)16;
}
static void write_readonly(void)
{
	*(volatile char *)(readonly + 5) = 1;
}
static void read_none(void)
{
	*(volatile char *)(none + 7);
}
static void run_data(void)
{
	((void (*)(void))readonly)();
}
static void read_noncanonical(void)
{
	*(volatile char *)0x8000000000000000;
}
static void read_kernel(void)
{
	*(volatile char *)0xffff888000000000;
}
static void past_the_end(void)
{
	*(volatile char *)(beyond + 4096 + 3);
}
static void divide(void)
{
	asm volatile("xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx" ::: "eax", "ecx", "edx");
}
static void undefined(void)
{
	asm volatile("ud2");
}
static void breakpoint(void)
{
	asm volatile("int3");
}
static void step(void)
{
	asm volatile("pushf; orl $0x100, (%rsp); popf; nop");
}
static void privileged(void)
{
	asm volatile("cli");
}
static void divide_float(void)
{
	volatile double zero = 0, one = 1;

	feenableexcept(FE_ALL_EXCEPT);
	one = one / zero;
}
static void align(void)
{
	asm volatile("pushf; orl $0x40000, (%%rsp); popf; mov %%rsp, %%rax; mov 1(%%rax), %%ecx" ::
			 : "rax", "rcx");
}

static const struct {
	const char *name;
	void (*run)(void);
	char **base;
} cases[] = {
	{ "read at 16", read_null, NULL },
	{ "write to a read-only page", write_readonly, &readonly },
	{ "read from PROT_NONE", read_none, &none },
	{ "execute data", run_data, &readonly },
	{ "non-canonical", read_noncanonical, NULL },
	{ "kernel address", read_kernel, NULL },
	{ "past the end of a file", past_the_end, &beyond },
	{ "divide by zero", divide, NULL },
	{ "undefined instruction", undefined, NULL },
	{ "int3", breakpoint, NULL },
	{ "trap flag", step, NULL },
	{ "privileged instruction", privileged, NULL },
	{ "floating point", divide_float, NULL },
	{ "alignment", align, NULL },
};

int main(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	FILE *file = tmpfile();

	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ftruncate(fileno(file), 100))
		return 1;
	beyond = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fileno(file), 0);
	*(volatile char *)readonly;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ip, addr;
		const char *where = "";

		if (!sigsetjmp(back, 1)) {
			cases[i].run();
			printf("%s: nothing\n", cases[i].name);
			continue;
		}
		fedisableexcept(FE_ALL_EXCEPT);
		ip = context.uc_mcontext.gregs[REG_RIP];
		addr = (uint64_t)info.si_addr;
		if (addr == ip && addr) {
			where = "ip";
			addr = 0;
		} else if (cases[i].base) {
			where = "base+";
			addr -= (uint64_t)*cases[i].base;
		}
		printf("%s: SIG%s code %d addr %s%#lx trap %lld error %#llx\n", cases[i].name,
		       sigabbrev_np(info.si_signo), info.si_code, where, addr,
		       context.uc_mcontext.gregs[REG_TRAPNO], context.uc_mcontext.gregs[REG_ERR]);
	}
	return 0;
}
