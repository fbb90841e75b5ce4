// SPDX-License-Identifier: GPL-2.0-only
/* debugger.c - registers of a stopped program, set where debuggers set them */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANARY 0x5a5a1234u

static const char *outcome(long ret)
{
	return ret >= 0 ? "ok" : strerrorname_np(errno);
}

static void set_xmm3(const char *where, pid_t pid)
{
	struct user_fpregs_struct fp;
	long ret;

	ptrace(PTRACE_GETFPREGS, pid, NULL, &fp);
	fp.xmm_space[3 * 4] = CANARY;
	ret = ptrace(PTRACE_SETFPREGS, pid, NULL, &fp);
	printf("%s: PTRACE_SETFPREGS: %s\n", where, outcome(ret));
	memset(&fp, 0, sizeof(fp));
	ptrace(PTRACE_GETFPREGS, pid, NULL, &fp);
	printf("%s: reads back: %s\n", where, fp.xmm_space[3 * 4] == CANARY ? "yes" : "no");
}

/* Makers differ: AMD has one for misaligned operands */
static unsigned mxcsr_bits(void)
{
	static struct user_fpregs_struct fp __attribute__((aligned(16)));

	asm volatile("fxsave %0" : "+m"(fp));
	return fp.mxcr_mask ? fp.mxcr_mask : 0xffbf;
}

static void set_bad_mxcsr(pid_t pid)
{
	struct user_fpregs_struct fp;
	unsigned set = 0;

	ptrace(PTRACE_GETFPREGS, pid, NULL, &fp);
	fp.mxcsr = 0xffff0000;
	printf("bad mxcsr: PTRACE_SETFPREGS: %s\n",
	       outcome(ptrace(PTRACE_SETFPREGS, pid, NULL, &fp)));
	for (unsigned bit = 1; bit; bit <<= 1) {
		fp.mxcsr = bit;
		if (!ptrace(PTRACE_SETFPREGS, pid, NULL, &fp))
			set |= bit;
	}
	printf("mxcsr: %s\n",
	       set == mxcsr_bits() ? "all bits that this CPU has, no others" : "wrong");
	ptrace(PTRACE_GETFPREGS, pid, NULL, &fp);
	fp.mxcsr = 0x1f80;
	ptrace(PTRACE_SETFPREGS, pid, NULL, &fp);
}

static void after_step(const char *where, pid_t pid)
{
	struct user_fpregs_struct fp;
	int status;

	ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	memset(&fp, 0, sizeof(fp));
	ptrace(PTRACE_GETFPREGS, pid, NULL, &fp);
	printf("%s: the program has it: %s\n", where,
	       fp.xmm_space[3 * 4] == CANARY && fp.cwd == 0x37f ? "yes" : "no");
}

/* At the first instruction of a program, which has no FPU state yet */
static void after_exec(char *self)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(self, self, "start", NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	set_xmm3("after exec", pid);
	after_step("after exec", pid);
	set_bad_mxcsr(pid);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	printf("after exec: it ends: %s\n", WIFEXITED(status) ? "yes" : "no");
}

static void try_regs(const char *what, pid_t pid, size_t offset, unsigned long value)
{
	struct user_regs_struct old, regs;
	long poke, set;
	int poke_errno;

	ptrace(PTRACE_GETREGS, pid, NULL, &old);
	poke = ptrace(PTRACE_POKEUSER, pid, offset, value);
	poke_errno = errno;
	regs = old;
	*(unsigned long *)((char *)&regs + offset) = value;
	set = ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	printf("%s: SETREGS %s", what, outcome(set));
	errno = poke_errno;
	printf(", POKEUSER %s\n", outcome(poke));
	ptrace(PTRACE_SETREGS, pid, NULL, &old);
}

static void bad_values(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	try_regs("cs 0", pid, offsetof(struct user_regs_struct, cs), 0);
	try_regs("ss of the kernel", pid, offsetof(struct user_regs_struct, ss), 0x18);
	try_regs("fs_base of the kernel", pid, offsetof(struct user_regs_struct, fs_base),
		 0xffff888000000000);
	try_regs("gs_base of the kernel", pid, offsetof(struct user_regs_struct, gs_base),
		 0xffff888000000000);
	try_regs("fs_base", pid, offsetof(struct user_regs_struct, fs_base), 0x10000);
	try_regs("interrupts off", pid, offsetof(struct user_regs_struct, eflags), 0x2);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	after_exec(argv[0]);
	bad_values();
	return 0;
}
