/* SPDX-License-Identifier: GPL-2.0-only */
/* attack.h - what hostile guest programs share
 *
 * An attack is one file, named after what it tries. It prints what it got, line by line, and ends
 * with "over"; tests/attack.t runs it in a sandbox beside a bystander and checks the lines, the
 * bystander and the host. What may end the attacker runs in a child, see outcome_of().
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "engine/tier/seccomp/stub/layout.h"
#include "vitrine/layout.h"

#define PAGE 4096UL
#define STUB_STOP (STUB_STOP_RETURN - 7) /* mov $STUB_NR, %eax; syscall */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNUSED __attribute__((unused))

/* Children are given this long, and as long again to die of SIGKILL; milliseconds. Attacks of which
 * some are to hang define less; for the others a busy host is no reason to look so.
 */
#ifndef PATIENCE
#define PATIENCE 40000
#endif

static UNUSED long raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

/* ---- children ---- */

static bool UNUSED wait_patiently(pid_t pid, int *status)
{
	for (int ms = 0; ms < PATIENCE; ms += 2) {
		if (waitpid(pid, status, WNOHANG | __WALL) == pid)
			return true;
		usleep(2000);
	}
	return false;
}

/* What became of a child: "exit 0", "signal 11", "hung" (but killable), "unkillable" */
static UNUSED const char *outcome_of(void (*attack)(long), long arg)
{
	static char text[32];
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return "no fork";
	if (!pid) {
		attack(arg);
		_exit(0);
	}
	if (!wait_patiently(pid, &status)) {
		kill(pid, SIGKILL);
		return wait_patiently(pid, &status) ? "hung" : "unkillable";
	}
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	return text;
}

static UNUSED void report(const char *what, void (*attack)(long), long arg)
{
	const char *got = outcome_of(attack, arg);

	printf("%s: %s\n", what, got);
}

static UNUSED int over(void)
{
	puts("over");
	return 0;
}

/* ---- a fault is an answer ---- */

static volatile uint64_t fault_resume, fault_stack;
static volatile int fault_signal;

static UNUSED void on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	if (!fault_resume)
		_exit(100 + sig);
	fault_signal = sig;
	g[REG_RIP] = fault_resume;
	if (fault_stack)
		g[REG_RSP] = fault_stack;
	fault_resume = 0;
}

static UNUSED void catch_faults(void)
{
	static char stack[65536];
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
	for (unsigned i = 0; i < 5; i++)
		sigaction((int[]){ SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE }[i], &sa, NULL);
}

/* Read or write a byte; the signal that it costs, 0 when it worked */
static UNUSED __attribute__((noinline)) int touch(uint64_t address, bool write)
{
	uint64_t value = 0;

	fault_signal = 0;
	fault_stack = 0;
	asm volatile("lea 2f(%%rip), %%rax\n"
		     "	mov %%rax, fault_resume(%%rip)\n"
		     "	test %2, %2\n"
		     "	jnz 1f\n"
		     "	movzbl (%1), %k0\n"
		     "	jmp 2f\n"
		     "1:	movb $0x90, (%1)\n"
		     "2:"
		     : "+r"(value)
		     : "r"(address), "r"((long)write)
		     : "rax", "memory", "cc");
	fault_resume = 0;
	return fault_signal;
}

/* ---- the stub ---- */

/* The stub's system call instruction that is followed by ud2, so that one comes back from it */
static UNUSED uint64_t stub_syscall(void)
{
	const uint8_t *code = (const uint8_t *)STUB_CODE;

	for (unsigned i = 0; i < PAGE - 4; i++) {
		if (!memcmp(code + i, "\x0f\x05\x0f\x0b", 4))
			return STUB_CODE + i;
	}
	puts("the stub has no such instruction");
	exit(1);
}

/* A system call made by the stub's own instruction; catch_faults() first */
static UNUSED __attribute__((noinline)) long via_stub(long nr, long a, long b, long c, long d,
						      long e, long f)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	uint64_t at = stub_syscall();
	long ret;

	asm volatile("lea 1f(%%rip), %%rbx\n"
		     "	mov %%rbx, fault_resume(%%rip)\n"
		     "	mov %%rsp, fault_stack(%%rip)\n"
		     "	jmp *%[at]\n"
		     "1:"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9), [at] "r"(at)
		     : "rbx", "rcx", "r11", "memory");
	return ret;
}

/* The slot of this thread, or of another one of this process: the @nth that can be read */
static UNUSED uint64_t slot_find(unsigned nth)
{
	for (uint64_t i = 0; i < 4096; i++) {
		uint64_t at = STUB_SLOTS + i * SLOT_SIZE;

		if (!touch(at + SLOT_HEADER, false) && !nth--)
			return at;
	}
	return 0;
}

/* Where what is mapped of a slot begins: the rest of it exists for nobody; catch_faults() first */
static UNUSED uint64_t slot_low(uint64_t slot)
{
	uint64_t at = slot + SLOT_SIZE - PAGE;

	while (at > slot && !touch(at - PAGE, false))
		at -= PAGE;
	return at;
}

/* The slot of this thread: where the stub keeps its segment bases at a stop; catch_faults() first
 */
static UNUSED uint64_t own_slot(void)
{
	const uint64_t mark = (uint64_t)&mark;
	uint64_t slot = 0;

	asm volatile("wrgsbase %0" : : "r"(mark));
	for (unsigned i = 0; (slot = slot_find(i)); i++) {
		if (*(volatile uint64_t *)(slot + SLOT_HEADER + HEADER_GS) == mark)
			break;
	}
	asm volatile("wrgsbase %0" : : "r"(0UL));
	return slot;
}

/* Tell of a stop where the supervisor believes it, with a frame in one's own slot */
static UNUSED __attribute__((noreturn)) void claim_stop(long signal, uint64_t frame, uint64_t base)
{
	/* behind the call it moves the answer to rsp, and finds the segment bases by r12 */
	asm volatile("mov %2, %%r12\n"
		     "	jmp *%%rbx"
		     :
		     : "D"(signal), "S"(frame), "r"(base), "b"(STUB_STOP)
		     : "r12", "memory");
	__builtin_unreachable();
}

/* ---- sigreturn, which a filter cannot tell from the stub's own ---- */

/* The host kernel's signal frame, as much as it reads (arch/x86/include/uapi/asm/ucontext.h) */
struct native_frame {
	uint64_t flags, link;
	stack_t stack;
	greg_t gregs[23];
	uint64_t fpstate, reserved[8], mask;
};

/* The registers of here and now, to go on at @ip with @sp */
static UNUSED void native_frame_init(struct native_frame *frame, void *ip, void *sp)
{
	*frame = (struct native_frame){ .flags = 6 }; /* UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
	frame->gregs[REG_RIP] = (greg_t)ip;
	frame->gregs[REG_RSP] = (greg_t)sp;
	frame->gregs[REG_EFL] = 0x202;
	frame->gregs[REG_CSGSFS] = 0x002b000000000033L;
	frame->stack.ss_flags = SS_DISABLE;
}

/* A sigreturn that the host executes, because it carries the stub's mark */
static UNUSED __attribute__((noreturn)) void native_sigreturn(const struct native_frame *frame)
{
	asm volatile("mov %0, %%rsp\n"
		     "	mov %1, %%r9\n"
		     "	mov $15, %%eax\n"
		     "	syscall\n"
		     "	ud2"
		     :
		     : "r"(frame), "r"(STUB_MAGIC)
		     : "memory");
	__builtin_unreachable();
}

#endif
