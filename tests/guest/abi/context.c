/* SPDX-License-Identifier: GPL-2.0-only */
/* context.c - what signal frames and tracers see of the CPU: traps, call numbers, selectors */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static siginfo_t info;
static greg_t err, trapno, cr2, selectors;
static sigjmp_buf back;

static void on_signal(int sig, siginfo_t *si, void *context)
{
	const greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	info = *si;
	err = g[REG_ERR];
	trapno = g[REG_TRAPNO];
	cr2 = g[REG_CR2];
	selectors = g[REG_CSGSFS];
	if (sig == SIGSEGV)
		siglongjmp(back, 1);
}

static void show(const char *when)
{
	raise(SIGUSR1);
	printf("%s: err %#llx trapno %lld cr2 %#llx\n", when, err, trapno, cr2);
}

static void frames(void)
{
	char *page =
	    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[0x5000] = 1;
	show("after faults that the kernel resolved");
	if (!sigsetjmp(back, 1))
		*(volatile char *)16 = 1;
	show("after one that became a signal");
	page[0x8000] = 1;
	show("after one more that did not");
	asm volatile("int3");
	show("after int3");
	printf("selectors: cs %#llx ss %#llx\n", selectors & 0xffff, selectors >> 48 & 0xffff);
}

static void int1(void)
{
	asm volatile(".byte 0xf1");
	printf("int1: signal %d code %d\n", info.si_signo, info.si_code);
}

/* ---- code segments of a handler's choice ---- */

static greg_t chosen_cs, chosen_ip, found_ax, found_cs;
static sigjmp_buf out;

static void choose(int sig, siginfo_t *si, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	(void)si;
	g[REG_CSGSFS] = (g[REG_CSGSFS] & ~0xffffLL) | chosen_cs;
	g[REG_RIP] = chosen_ip;
}

static void leave(int sig, siginfo_t *si, void *context)
{
	const greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	on_signal(SIGUSR1, si, context);
	found_ax = g[REG_RAX];
	found_cs = g[REG_CSGSFS] & 0xffff;
	siglongjmp(out, sig);
}

static void run_in(const char *name, greg_t cs, const char *code)
{
	struct sigaction action = { .sa_sigaction = choose, .sa_flags = SA_SIGINFO };
	stack_t stack = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };
	int sig;

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR2, &action, NULL);
	action.sa_sigaction = leave;
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	chosen_cs = cs;
	chosen_ip = (greg_t)code;
	sig = sigsetjmp(out, 1);
	if (!sig)
		raise(SIGUSR2);
	printf("%s: signal %d code %d trapno %lld err %#llx", name, sig, info.si_code, trapno, err);
	if (sig == SIGTRAP)
		printf(" cs %#llx rax %#llx", found_cs, found_ax);
	printf("\n");
}

static void segments(void)
{
	/* mov $5, %eax; in 32 bits dec %eax, in 64 a prefix of the nop; int3 */
	static const char code[] = "\xb8\x05\x00\x00\x00\x48\x90\xcc";
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	memcpy(low, code, sizeof(code));
	run_in("64 bits", 0x33, low);
	run_in("32 bits", 0x23, low);
	run_in("no such segment", 0x1003, low);
}

static long call(unsigned long number)
{
	asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
	return number;
}

static const unsigned long numbers[] = {
	39, 0x100000027, 0xffffff00, -2UL, -1UL, 0x8000000000000027
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static void calls(void)
{
	struct user_regs_struct regs;
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		for (unsigned i = 0; i < NUMBERS; i++)
			call(numbers[i]);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	for (unsigned i = 0; i < 2 * NUMBERS; i++) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
		ptrace(PTRACE_GETREGS, pid, NULL, &regs);
		if (i % 2)
			printf(", returns %lld\n",
			       (long long)regs.rax == pid ? 0 : (long long)regs.rax);
		else
			printf("call: orig_rax %#llx rax %lld", regs.orig_rax, (long long)regs.rax);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	frames();
	int1();
	calls();
	segments();
	return 0;
}
