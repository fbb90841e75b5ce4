// SPDX-License-Identifier: GPL-2.0-only
/* registers - all that code can load, on its way through calls, signals, threads, fork and exec
 *
 * struct state is the list; it is the one at the head of engine/tier/seccomp/frame.c. A program
 * starts with a fresh state whoever ran before, everybody else finds what he loaded. It prints the
 * same on stock Linux. Link with -Wl,-e,first: what exec gave is written down before libc runs.
 */
#include <cpuid.h>
#include <elf.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE 8192
#define FLAGS 0x202
#define ODD_FLAGS 0x204ed7 /* NT, ID, DF, OF, SF, ZF, AF, PF, CF */
#define USED 0x2ffUL	   /* states of XSAVE that one has without asking, that is, all but AMX */
#define PKRU 9
#define PKRU_FRESH 0x55555554U
#define THREADS 4

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, GENERAL };
static const char *const general_name[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
					    "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
static const char *const selector_name[] = { "ds", "es", "fs", "gs" };

struct state {
	uint8_t image[IMAGE] __attribute__((aligned(64))); /* of XSAVE */
	uint64_t general[GENERAL], flags, fs_base, gs_base;
	uint16_t selector[4];
};

struct state at_entry, in, out[2]; /* out[1]: of a child that shares this memory */
uint64_t saved_fs, saved_gs;
volatile uint32_t child_done;

/* With NO_XSAVE: on a processor that knows no other way than FXSAVE */
#ifdef NO_XSAVE
asm(".macro save to\n	fxsave64 \\to\n	.endm\n"
    ".macro restore from\n	fxrstor64 \\from\n	.endm\n");
#else
asm(".macro save to\n	mov $0x2ff, %eax\n	xor %edx, %edx\n	xsave64 \\to\n	.endm\n"
    ".macro restore from\n	mov $0x2ff, %eax\n	xor %edx, %edx\n	xrstor64 "
    "\\from\n	.endm\n");
#endif

/* Write everything to @to, which is an address without registers but rax, after that was written */
#define STORE(to)                                                                                  \
	"	mov %rbx, " to "+8192+8(%rip)\n	mov %rcx, " to "+8192+16(%rip)\n"                  \
	"	mov %rdx, " to "+8192+24(%rip)\n	mov %rsi, " to "+8192+32(%rip)\n"          \
	"	mov %rdi, " to "+8192+40(%rip)\n	mov %rbp, " to "+8192+48(%rip)\n"          \
	"	mov %r8, " to "+8192+56(%rip)\n	mov %r9, " to "+8192+64(%rip)\n"                   \
	"	mov %r10, " to "+8192+72(%rip)\n	mov %r11, " to "+8192+80(%rip)\n"          \
	"	mov %r12, " to "+8192+88(%rip)\n	mov %r13, " to "+8192+96(%rip)\n"          \
	"	mov %r14, " to "+8192+104(%rip)\n	mov %r15, " to "+8192+112(%rip)\n"         \
	"	rdfsbase %rbx\n	mov %rbx, " to "+8192+128(%rip)\n"                                 \
	"	rdgsbase %rbx\n	mov %rbx, " to "+8192+136(%rip)\n"                                 \
	"	mov %ds, " to "+8192+144(%rip)\n	mov %es, " to "+8192+146(%rip)\n"          \
	"	mov %fs, " to "+8192+148(%rip)\n	mov %gs, " to "+8192+150(%rip)\n"          \
	"	save " to "(%rip)\n"

/* exec's gift */
asm(".globl first\n"
    "first:\n"
    "	mov %rax, at_entry+8192(%rip)\n"
    "	pushfq\n	pop at_entry+8192+120(%rip)\n" STORE(
	"at_entry") "	xor %eax, %eax\n	xor %ebx, %ebx\n	xor %edx, %edx\n"
		    "	jmp _start\n");

/* Load "in", do something, and write down what is there then; back with what a caller expects */
#define EXCHANGE(name, something)                                                                  \
	asm(".globl " name "\n" name ":\n"                                                         \
	    "	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	"                        \
	    "push %r15\n"                                                                          \
	    "	rdfsbase %rax\n	mov %rax, saved_fs(%rip)\n"                                          \
	    "	rdgsbase %rax\n	mov %rax, saved_gs(%rip)\n"                                          \
	    "	restore in(%rip)\n"                                                                  \
	    "	mov in+8192+144(%rip), %ds\n	mov in+8192+146(%rip), %es\n"                           \
	    "	mov in+8192+148(%rip), %fs\n	mov in+8192+150(%rip), %gs\n"                           \
	    "	mov in+8192+128(%rip), %rax\n	wrfsbase %rax\n"                                       \
	    "	mov in+8192+136(%rip), %rax\n	wrgsbase %rax\n"                                       \
	    "	mov in+8192(%rip), %rax\n	mov in+8192+8(%rip), %rbx\n"                               \
	    "	mov in+8192+16(%rip), %rcx\n	mov in+8192+24(%rip), %rdx\n"                           \
	    "	mov in+8192+32(%rip), %rsi\n	mov in+8192+40(%rip), %rdi\n"                           \
	    "	mov in+8192+48(%rip), %rbp\n	mov in+8192+56(%rip), %r8\n"                            \
	    "	mov in+8192+64(%rip), %r9\n	mov in+8192+72(%rip), %r10\n"                            \
	    "	mov in+8192+80(%rip), %r11\n	mov in+8192+88(%rip), %r12\n"                           \
	    "	mov in+8192+96(%rip), %r13\n	mov in+8192+104(%rip), %r14\n"                          \
	    "	mov in+8192+112(%rip), %r15\n"                                                       \
	    "	push in+8192+120(%rip)\n	popfq\n" something "	pushfq\n"                     \
	    "	mov child_done(%rip), %ecx\n" /* the program's own mark: here is the child */      \
	    "	test %rax, %rax\n	jnz 8f\n	cmp $1, %ecx\n	jne 8f\n"                                  \
	    "	mov %rax, out+8384+8192(%rip)\n	pop out+8384+8192+120(%rip)\n" STORE(              \
		"out+8384") "	movl $2, child_done(%rip)\n"                                         \
			    "	mov $60, %eax\n	xor %edi, %edi\n	syscall\n"                          \
			    "8:	mov %rax, out+8192(%rip)\n	pop out+8192+120(%rip)\n" STORE(   \
				"out") "	push $0x202\n	popfq\n	fninit\n	push "                     \
				       "$0x1f80\n	ldmxcsr (%rsp)\n	pop %rax\n"                     \
				       "	xor %eax, %eax\n	mov %eax, %ds\n	mov "                    \
				       "%eax, %es\n	mov %eax, %fs\n	mov %eax, %gs\n"               \
				       "	mov saved_fs(%rip), %rax\n	wrfsbase %rax\n"               \
				       "	mov saved_gs(%rip), %rax\n	wrgsbase %rax\n"               \
				       "	pop %r15\n	pop %r14\n	pop %r13\n	"                        \
				       "pop %r12\n	pop %rbp\n	pop %rbx\n"                          \
				       "	ret\n")

EXCHANGE("call", "	syscall\n");
EXCHANGE("spin", "9:	pause\n	loop 9b\n");
void call(void);
void spin(void);
_Static_assert(sizeof(struct state) == 8384, "the code above");

/* ---- states ---- */

static uint64_t enabled;

static uint32_t part(unsigned state, uint32_t *offset)
{
	uint32_t size, c, d;

	__cpuid_count(13, state, size, *offset, c, d);
	return *offset + size <= IMAGE ? size : 0;
}

static void set_image(struct state *s, unsigned seed)
{
	uint16_t *x87 = (uint16_t *)s->image;
	uint32_t offset;

	srand(seed);
	memset(s->image, 0, sizeof(s->image));
	x87[0] = 0x27f;	 /* control word: double precision */
	x87[1] = 0x3820; /* status word: top is 7, a result was not exact */
	*(uint8_t *)&x87[2] = 0xff;
	*(uint32_t *)&s->image[24] = 0x7fa0; /* MXCSR: towards zero, likewise */
	for (unsigned i = 0; i < 8 * 16; i++)
		s->image[32 + i] = i % 16 < 10 ? rand() | 1 : 0;
	for (unsigned i = 160; i < 416; i++)
		s->image[i] = rand();
	for (unsigned i = 2; i < 8; i++) {
		for (uint32_t n = enabled >> i & 1 ? part(i, &offset) : 0; n--;)
			s->image[offset + n] = rand();
	}
	if (enabled >> PKRU & 1 && part(PKRU, &offset))
		*(uint32_t *)&s->image[offset] = 0x5a5a5a50;
	*(uint64_t *)&s->image[512] = enabled;
}

static void set_odd(unsigned seed)
{
	set_image(&in, seed);
	for (unsigned i = 0; i < GENERAL; i++)
		in.general[i] = 0x5ec7e70000000000UL + seed * 256 + i;
	in.flags = ODD_FLAGS;
	in.fs_base = 0x123456789000 + seed;
	in.gs_base = 0x123456789100 + seed;
	for (unsigned i = 0; i < 4; i++)
		in.selector[i] = i & 1 ? 0x33 : 0x2b;
}

static unsigned bad;
static const char *about;

static void same(const char *what, uint64_t got, uint64_t want)
{
	if (got == want)
		return;
	bad++;
	printf("%s: %s is %#lx, not %#lx\n", about, what, (long)got, (long)want);
}

/* The bytes of a state that was not saved are those of its initial value */
static uint8_t image_byte(const struct state *s, unsigned state, uint32_t at)
{
	if (*(const uint64_t *)&s->image[512] >> state & 1)
		return s->image[at];
	return state == 0 && at == 0 ? 0x7f : state == 0 && at == 1 ? 3 : 0;
}

static void same_bytes(const char *what, const struct state *got, const struct state *want,
		       unsigned state, uint32_t at, uint32_t len)
{
	for (uint32_t i = at; i < at + len; i++) {
		if (image_byte(got, state, i) != image_byte(want, state, i)) {
			bad++;
			printf("%s: %s differs at %u\n", about, what, i - at);
			return;
		}
	}
}

static void same_image(struct state *got, const struct state *want)
{
#ifdef NO_XSAVE
	*(uint64_t *)&got->image[512] = USED & 3;
#endif
	static const char *const name[] = { [2] = "ymm", [3] = "bndregs", [4] = "bndcsr", [5] = "k",
					    [6] = "zmm", [7] = "zmm16",	  [PKRU] = "pkru" };
	uint32_t offset = 0;

	same_bytes("x87", got, want, 0, 0, 5);
	same_bytes("st", got, want, 0, 32, 128);
	same("mxcsr", *(const uint32_t *)&got->image[24], *(const uint32_t *)&want->image[24]);
	same_bytes("xmm", got, want, 1, 160, 256);
	for (unsigned i = 2; i <= PKRU; i++) {
		uint32_t size = enabled >> i & 1 && name[i] ? part(i, &offset) : 0;

		same_bytes(name[i], got, want, i, offset, i == PKRU ? size & 4 : size);
	}
}

static void same_state(struct state *got, const struct state *want)
{
	for (unsigned i = 0; i < GENERAL; i++)
		same(general_name[i], got->general[i], want->general[i]);
	same("flags", got->flags, want->flags);
	same("fs base", got->fs_base, want->fs_base);
	same("gs base", got->gs_base, want->gs_base);
	for (unsigned i = 0; i < 4; i++)
		same(selector_name[i], got->selector[i], want->selector[i]);
	same_image(got, want);
}

/* The same state, but for what a call or the loop changes */
static void as_loaded(const char *who, struct state *got, bool called)
{
	about = who;
	got->general[RAX] = in.general[RAX];
	got->general[RCX] = in.general[RCX];
	if (called)
		got->general[R11] = in.general[R11];
	same_state(got, &in);
	printf("%s: %s\n", who, bad ? "changed" : "as it was");
	bad = 0;
}

/* ---- what a program starts with ---- */

static int check_fresh(void)
{
	struct state *fresh = calloc(1, sizeof(*fresh) + 64);
	uint32_t offset;

	fresh = (struct state *)(((uintptr_t)fresh + 63) & ~63UL);
	*(uint32_t *)&fresh->image[24] = 0x1f80;
	if (enabled >> PKRU & 1 && part(PKRU, &offset)) {
		*(uint64_t *)&fresh->image[512] = 1UL << PKRU;
		*(uint32_t *)&fresh->image[offset] = PKRU_FRESH;
	}
	fresh->flags = FLAGS;
	about = "fresh program";
	same_state(&at_entry, fresh);
	return bad != 0;
}

static char *self;

static void exec_check(void)
{
	static char *argv[3] = { NULL, "check", NULL };

	argv[0] = self;
	in.general[RAX] = SYS_execve;
	in.general[RDI] = (uint64_t)self;
	in.general[RSI] = (uint64_t)argv;
	in.general[RDX] = (uint64_t)environ;
	call();
	_exit(9);
}

static int result_of(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void programs(void)
{
	int got = 0;
	pid_t pid;

	for (unsigned round = 0; round < 6; round++) {
		fflush(stdout);
		pid = fork();
		if (!pid) {
			set_odd(round);
			exec_check();
		}
		got |= result_of(pid);
	}
	printf("program after another: %s\n", got ? "not fresh" : "fresh");
	for (unsigned round = got = 0; round < 6; round++) {
		pid = fork();
		if (!pid) {
			set_odd(round);
			in.general[RAX] = SYS_exit_group;
			in.general[RDI] = 0;
			call();
		}
		result_of(pid);
		pid = fork();
		if (!pid) {
			execl(self, self, "check", NULL);
			_exit(9);
		}
		got |= result_of(pid);
	}
	printf("program in a process of another: %s\n", got ? "not fresh" : "fresh");
}

/* ---- threads, signals, debuggers ---- */

static void start_thread(void)
{
	static uint8_t stack[THREADS + 1][16384] __attribute__((aligned(64)));
	static unsigned n;

	in.general[RAX] = SYS_clone;
	in.general[RDI] = 0x50f00; /* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
	in.general[RSI] = (uint64_t)&stack[n++ % THREADS][8192];
	in.general[RDX] = in.general[R10] = in.general[R8] = 0;
	child_done = 1;
	call();
	while (child_done != 2)
		usleep(1000);
	child_done = 0;
	usleep(10000); /* it has ended, too */
}

static struct state in_handler;

/* Runs with the segment bases that were loaded, so without libc */
__attribute__((target("general-regs-only"))) static void on_signal(int sig, siginfo_t *info,
								   void *context)
{
	asm volatile("save %0" : "=m"(in_handler.image) : : "rax", "rdx");
	asm volatile("mov %%ds, %0\n mov %%es, %1\n mov %%fs, %2\n mov %%gs, %3"
		     : "=m"(in_handler.selector[0]), "=m"(in_handler.selector[1]),
		       "=m"(in_handler.selector[2]), "=m"(in_handler.selector[3]));
}

static void signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct state fresh = { 0 };

	sigaction(SIGUSR1, &sa, NULL);
	set_odd(40);
	in.general[RAX] = SYS_kill;
	in.general[RDI] = getpid();
	in.general[RSI] = SIGUSR1;
	call();
	as_loaded("behind a handler", &out[0], true);
	about = "in a handler";
	*(uint32_t *)&fresh.image[24] = 0x1f80;
	enabled &= ~(1UL << PKRU); /* kernels differ */
	same_image(&in_handler, &fresh);
	for (unsigned i = 0; i < 4; i++)
		same(selector_name[i], in_handler.selector[i], in.selector[i]);
	printf("in a handler: %s\n", bad ? "not as it should be" : "a fresh FPU");
	bad = 0;
}

static void debugged(void)
{
	struct user_regs_struct u;
	struct state seen = { 0 };
	struct iovec image = { seen.image, sizeof(seen.image) };
	int status;
	pid_t pid;

	set_odd(50);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		in.general[RAX] = SYS_kill;
		in.general[RDI] = getpid();
		in.general[RSI] = SIGSTOP;
		call();
		set_odd(50);
		in.general[RDI] = out[0].general[RDI];
		in.general[RSI] = SIGSTOP;
		in.selector[0] = in.selector[2] = 0;
		in.selector[1] = 0x2b;
		in.flags = FLAGS | 1 << 21; /* ID is not a debugger's */
		in.general[R15] = 15;
		as_loaded("a program that was changed", &out[0], true);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_GETREGS, pid, NULL, &u);
	ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &image);
	in.general[RDI] = pid;
	in.general[RSI] = SIGSTOP;
	seen.general[RBX] = u.rbx, seen.general[RDX] = u.rdx, seen.general[RSI] = u.rsi;
	seen.general[RDI] = u.rdi, seen.general[RBP] = u.rbp, seen.general[R8] = u.r8;
	seen.general[R9] = u.r9, seen.general[R10] = u.r10, seen.general[R12] = u.r12;
	seen.general[R13] = u.r13, seen.general[R14] = u.r14, seen.general[R15] = u.r15;
	seen.flags = u.eflags, seen.fs_base = u.fs_base, seen.gs_base = u.gs_base;
	seen.selector[0] = u.ds, seen.selector[1] = u.es;
	seen.selector[2] = u.fs, seen.selector[3] = u.gs;
	as_loaded("to a debugger", &seen, true);
	fflush(stdout);
	u.ds = u.fs = 0;
	u.es = 0x2b;
	u.r15 = 15;
	u.eflags = FLAGS;
	ptrace(PTRACE_SETREGS, pid, NULL, &u);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	result_of(pid);
}

static void preempted(void)
{
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			;
	}
	set_odd(60);
	in.general[RCX] = 20000000;
	spin();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	as_loaded("beside another", &out[0], false);
}

int main(int argc, char **argv)
{
	uint32_t low, high;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
#ifdef NO_XSAVE
	low = 3;
	high = 0;
#else
	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
#endif
	enabled = ((uint64_t)high << 32 | low) & USED;
	self = argv[0];
	if (argc > 1)
		return check_fresh();
	programs();
	for (unsigned i = 0; i < THREADS; i++) { /* they leave theirs to the next */
		set_odd(20 + i);
		start_thread();
	}
	set_odd(30);
	in.selector[0] = in.selector[3] = 0;
	in.flags = FLAGS;
	start_thread();
	as_loaded("thread", &out[1], true);
	set_odd(10);
	in.general[RAX] = SYS_fork;
	fflush(stdout);
	call();
	pid = out[0].general[RAX];
	if (!pid) {
		as_loaded("child", &out[0], true);
		_exit(0);
	}
	result_of(pid);
	as_loaded("parent", &out[0], true);
	signals();
	debugged();
	preempted();
	return 0;
}
