/* SPDX-License-Identifier: GPL-2.0-only */
/* watch.c - debug registers: what a tracer's watchpoints and breakpoints tell, and what they refuse
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC 0UL
#define WRITE 1UL
#define ACCESS 3UL

static volatile struct {
	long before, watched, after, more[4];
	char bytes[64];
} data __attribute__((aligned(64)));
static volatile long elsewhere __attribute__((aligned(4096)));
static char from[64] = "0123456789abcdefghijklmnopqrstuvwxyz";

static long length_bits(unsigned length)
{
	return length == 8 ? 2 : length - 1;
}

static const char *outcome(long ret)
{
	return ret >= 0 ? "ok" : strerrorname_np(errno);
}

static long set(pid_t pid, unsigned number, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[number]), value);
}

static unsigned long get(pid_t pid, unsigned number)
{
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg[number]), 0);
}

static unsigned long control(unsigned number, unsigned long kind, unsigned length)
{
	return 1UL << (2 * number) | kind << (16 + 4 * number) |
	       length_bits(length) << (18 + 4 * number);
}

/* ---- what the tracee does ---- */

static void __attribute__((noinline)) function(void)
{
	asm volatile("nop");
}

static void write_it(void)
{
	data.watched = 1;
	data.watched = 1;
}
static void read_it(void)
{
	(void)data.watched;
}
static void neighbours(void)
{
	data.before = 1;
	(void)data.after;
	data.after = data.before;
	elsewhere = 1;
}
static void all_four(void)
{
	for (int i = 0; i < 4; i++)
		data.more[3 - i] = i;
}
static void call_twice(void)
{
	function();
	function();
}
static void overlapping(void)
{
	*(volatile uint64_t *)((char *)&data.watched - 4) = 0x1111111122222222;
}
/* Reads that begin below what is watched and reach into it, or do not */
static void below(void)
{
	const volatile char *at = (const volatile char *)&data.watched;

	(void)*(const volatile uint64_t *)(at - 4);
	asm volatile("movdqu (%0), %%xmm0\n	movups (%0), %%xmm1"
		     :
		     : "r"(at - 12)
		     : "xmm0", "xmm1");
	asm volatile("paddd (%0), %%xmm0" : : "r"((uintptr_t)at & ~15UL) : "xmm0");
}
static void short_of_it(void)
{
	const volatile char *at = (const volatile char *)&data.watched;

	(void)*(const volatile uint32_t *)(at - 4);
	(void)*(const volatile uint16_t *)(at - 3);
	(void)*(at - 1);
	asm volatile("movss (%0), %%xmm0\n	movd (%0), %%xmm1"
		     :
		     : "r"(at - 4)
		     : "xmm0", "xmm1");
	asm volatile("movsd (%0), %%xmm0\n	movq (%0), %%xmm1\n	movdqu (%1), %%xmm2"
		     :
		     : "r"(at - 8), "r"(at - 16)
		     : "xmm0", "xmm1", "xmm2");
}
static void repeated(void)
{
	void *to = (void *)data.bytes, *start = from;
	unsigned long count = sizeof(from);

	asm volatile("rep movsb" : "+D"(to), "+S"(start), "+c"(count) : : "memory");
}
static void by_the_kernel(void)
{
	int fd = open("/dev/zero", O_RDONLY);

	if (read(fd, (void *)&data.watched, sizeof(data.watched)) != sizeof(data.watched))
		_exit(1);
	close(fd);
}
static void in_a_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		data.watched = 5;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}
static void handler(int sig)
{
	(void)sig;
	data.watched++;
}
static void in_a_handler(void)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
}
static void after_exec(void)
{
	execl("/proc/self/exe", "watch", "write", NULL);
}

/* ---- the tracer ---- */

static pid_t start(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		what();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return pid;
}

static void tell(pid_t pid, unsigned long breakpoint)
{
	struct user_regs_struct regs;
	siginfo_t info;

	ptrace(PTRACE_GETSIGINFO, pid, NULL, &info);
	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	printf("  signal %d code %d dr6 %#lx%s%s, watched %#lx\n", info.si_signo, info.si_code,
	       get(pid, 6), info.si_addr == (void *)regs.rip ? "" : ", si_addr elsewhere",
	       regs.rip == breakpoint ? ", at the breakpoint" : "",
	       ptrace(PTRACE_PEEKDATA, pid, &data.watched, NULL));
}

static void go_on(pid_t pid, unsigned long breakpoint)
{
	int status, sig = 0;

	for (;;) {
		ptrace(PTRACE_CONT, pid, NULL, sig);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		sig = WSTOPSIG(status);
		if (sig != SIGTRAP)
			continue;
		sig = 0;
		tell(pid, breakpoint);
	}
	if (WIFSIGNALED(status))
		printf("  killed by signal %d\n", WTERMSIG(status));
	else
		printf("  ends with %d\n", WEXITSTATUS(status));
}

static void watch(const char *name, void (*what)(void), const volatile void *addr,
		  unsigned long kind, unsigned length)
{
	pid_t pid = start(what);

	printf("%s:\n", name);
	if (set(pid, 0, (unsigned long)addr) || set(pid, 7, control(0, kind, length)))
		printf("  %s\n", strerrorname_np(errno));
	go_on(pid, kind == EXEC ? (unsigned long)addr : 0);
}

static void watch_four(void)
{
	pid_t pid = start(all_four);
	unsigned long dr7 = 0;

	printf("four at once:\n");
	for (unsigned i = 0; i < 4; i++) {
		set(pid, i, (unsigned long)&data.more[i]);
		dr7 |= control(i, WRITE, 8);
	}
	set(pid, 7, dr7);
	printf("  dr7 %s, dr3 %s\n", get(pid, 7) == dr7 ? "reads back" : "differs",
	       get(pid, 3) == (unsigned long)&data.more[3] ? "reads back" : "differs");
	go_on(pid, 0);
}

static void refused(void)
{
	pid_t pid = start(write_it);

	printf("at first: dr0 %#lx dr6 %#lx dr7 %#lx\n", get(pid, 0), get(pid, 6), get(pid, 7));
	printf("dr4: %s, dr5: %s\n", outcome(set(pid, 4, 1)), outcome(set(pid, 5, 1)));
	set(pid, 1, (unsigned long)&data.watched + 1);
	printf("two bytes, odd: %s\n", outcome(set(pid, 7, control(1, WRITE, 2))));
	printf("ports: %s\n", outcome(set(pid, 7, control(1, 2, 1))));
	printf("an instruction of 2 bytes: %s\n", outcome(set(pid, 7, control(1, EXEC, 2))));
	printf("reserved bits: %s", outcome(set(pid, 7, 0xfc00)));
	printf(", dr7 %#lx\n", get(pid, 7));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A step that writes what is watched says both */
static void step_on_it(void)
{
	pid_t pid = start(write_it);
	int status;

	printf("in single steps:\n");
	set(pid, 0, (unsigned long)&data.watched);
	set(pid, 7, control(0, WRITE, 8));
	for (unsigned hits = 0; hits < 2;) {
		siginfo_t info;

		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_GETSIGINFO, pid, NULL, &info);
		if (!(get(pid, 6) & 1))
			continue;
		printf("  code %d dr6 %#lx\n", info.si_code, get(pid, 6));
		hits++;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* From "branches" on: the steps that end at a branch which was taken, told by where they end */
extern const char branches[], branches_end[];
asm(".pushsection .text\n"
    "branches:\n"
    "	nop\n"
    "	xor %eax, %eax\n"
    "	jnz 1f\n"
    "	jmp 1f\n"
    "	nop\n"
    "1:	mov $3, %ecx\n" /* + 8 */
    "2:	dec %ecx\n"	/* + 13 */
    "	jnz 2b\n"
    "	call 3f\n"
    "	lea 4f(%rip), %rax\n" /* + 22 */
    "	notrack jmp *%rax\n"
    "	nop\n"
    "3:	ret\n" /* + 33 */
    "4:	nop\n" /* + 34 */
    "branches_end:\n"
    "	jmp branches_end + 0x1000\n"
    ".popsection\n");

static void take_branches(void)
{
	asm volatile("lea branches(%%rip), %%rax; jmp *%%rax" ::: "rax");
}

static void step_by_branches(void)
{
	struct user_regs_struct regs;
	pid_t pid = start(take_branches);
	int status;

	printf("in steps of branches:");
	for (unsigned i = 0; i < 100000; i++) {
		ptrace(PTRACE_SINGLEBLOCK, pid, NULL, NULL);
		waitpid(pid, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_GETREGS, pid, NULL, &regs);
		if (regs.rip >= (unsigned long)branches && regs.rip < (unsigned long)branches_end)
			printf(" +%lld", regs.rip - (unsigned long)branches);
		else if (regs.rip == (unsigned long)branches_end + 0x1000)
			break;
	}
	printf("\n");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		write_it();
		return 0;
	}
	(void)argv;
	refused();
	watch("a write", write_it, &data.watched, WRITE, 8);
	watch("a read, writes watched", read_it, &data.watched, WRITE, 8);
	watch("a read, accesses watched", read_it, &data.watched, ACCESS, 8);
	watch("neighbours", neighbours, &data.watched, ACCESS, 8);
	watch("a write that begins below", overlapping, &data.watched, WRITE, 4);
	watch("reads that begin below", below, &data.watched, ACCESS, 8);
	watch("reads that end below", short_of_it, &data.watched, ACCESS, 8);
	watch("one byte of a repeated instruction", repeated, &data.bytes[7], WRITE, 1);
	watch("an instruction", call_twice, (void *)function, EXEC, 1);
	watch("the kernel's write", by_the_kernel, &data.watched, WRITE, 8);
	watch("in a child", in_a_child, &data.watched, WRITE, 8);
	watch("in a handler", in_a_handler, &data.watched, WRITE, 8);
	watch("after exec", after_exec, &data.watched, WRITE, 8);
	watch_four();
	step_on_it();
	step_by_branches();
	return 0;
}
