/* SPDX-License-Identifier: GPL-2.0-only */
/* registers.c - everything that a processor keeps for a thread
 *
 * A child fills registers, and looks at a word of memory until it changes; then it stores them all.
 */
#include "survive.h"
#include <asm/prctl.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

struct vectors {
	unsigned char regs[32][64];
	uint64_t masks[8];
	uint32_t mxcsr, pad[15];
} __attribute__((aligned(64)));

#define LOAD(n) "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n"
#define STORE(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n"
#define LOAD_YMM(n) "vmovdqu " #n "*64(%[in]), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", " #n "*64(%[out])\n"
#define LOAD_XMM(n) "movdqu " #n "*64(%[in]), %%xmm" #n "\n"
#define STORE_XMM(n) "movdqu %%xmm" #n ", " #n "*64(%[out])\n"
#define LOAD_MASK(n) "kmovq 2048+" #n "*8(%[in]), %%k" #n "\n"
#define STORE_MASK(n) "kmovq %%k" #n ", 2048+" #n "*8(%[out])\n"
#define EIGHT(x, a, b, c, d, e, f, g, h) x(a) x(b) x(c) x(d) x(e) x(f) x(g) x(h)
#define LOW(x) EIGHT(x, 0, 1, 2, 3, 4, 5, 6, 7) EIGHT(x, 8, 9, 10, 11, 12, 13, 14, 15)
#define HIGH(x) EIGHT(x, 16, 17, 18, 19, 20, 21, 22, 23) EIGHT(x, 24, 25, 26, 27, 28, 29, 30, 31)
#define MASKS(x) EIGHT(x, 0, 1, 2, 3, 4, 5, 6, 7)
#define WAIT "1: cmpl $0, (%[go])\n pause\n je 1b\n"
/* In poll(2) for as long: at, number, time-out are in their registers */
#define CALL "mov $7, %%eax\n mov %[poll], %%rdi\n mov $1, %%esi\n mov $-1, %%edx\n syscall\n"
#define AROUND(load, store, meanwhile)                                                             \
	asm volatile("ldmxcsr 2112(%[in])\n" load meanwhile store "stmxcsr 2112(%[out])\n"         \
		     :                                                                             \
		     : [in] "r"(in), [out] "r"(out), [go] "r"(go), [poll] "r"(fd)                  \
		     : "memory", "rax", "rcx", "r11", "rdi", "rsi", "rdx", "cc")

static void keep(const struct vectors *in, struct vectors *out, volatile int *go, struct pollfd *fd)
{
	/* the operands are no registers that a call uses */
	const int bits = __builtin_cpu_supports("avx512bw") ? 512
			 : __builtin_cpu_supports("avx")    ? 256
							    : 128;

	if (bits == 512 && go)
		AROUND(LOW(LOAD) HIGH(LOAD) MASKS(LOAD_MASK),
		       LOW(STORE) HIGH(STORE) MASKS(STORE_MASK), WAIT);
	else if (bits == 512)
		AROUND(LOW(LOAD) HIGH(LOAD) MASKS(LOAD_MASK),
		       LOW(STORE) HIGH(STORE) MASKS(STORE_MASK), CALL);
	else if (bits == 256 && go)
		AROUND(LOW(LOAD_YMM), LOW(STORE_YMM), WAIT);
	else if (bits == 256)
		AROUND(LOW(LOAD_YMM), LOW(STORE_YMM), CALL);
	else if (go)
		AROUND(LOW(LOAD_XMM), LOW(STORE_XMM), WAIT);
	else
		AROUND(LOW(LOAD_XMM), LOW(STORE_XMM), CALL);
}

/* What was not stored is as it was put there */
static int kept(const struct vectors *in, const struct vectors *out)
{
	return !memcmp(in, out, offsetof(struct vectors, mxcsr)) &&
	       (in->mxcsr & ~0x3fU) == (out->mxcsr & ~0x3fU);
}

static const char *vectors_held(int in_call)
{
	static struct vectors in, out;
	volatile int *go =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2], status;
	pid_t pid;

	WANT(!pipe(ends));
	fill(&in, sizeof(in), 11);
	in.mxcsr = 0x5f80;
	out = in;
	pid = fork();
	if (!pid) {
		struct pollfd fd = { .fd = ends[0], .events = POLLIN };

		memset(out.regs, 0, sizeof(out.regs[0])); /* at least the first was stored */
		keep(&in, &out, in_call ? NULL : go, &fd);
		if (!__builtin_cpu_supports("avx"))
			memcpy(out.regs[0] + 16, in.regs[0] + 16, 48);
		else if (!__builtin_cpu_supports("avx512bw"))
			memcpy(out.regs[0] + 32, in.regs[0] + 32, 32);
		_exit(kept(&in, &out) ? 4 : 1);
	}
	sleep_ms(50);
	hold();
	*go = 1;
	WANT(write(ends[1], "x", 1) == 1);
	WANT(waitpid(pid, &status, 0) == pid && status == 4 << 8);
	return NULL;
}

/* While it computes */
const char *vectors_case(void)
{
	return vectors_held(0);
}

/* While it is in a call, which keeps them, too */
const char *vectors_in_call_case(void)
{
	return vectors_held(1);
}

/* A stack of the x87 that is full, its control word and a pending exception */
const char *x87_case(void)
{
	volatile int *go =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned short control = 0x0b7f, status_word;
	double got[8];
	int status;
	pid_t pid = fork();

	if (!pid) {
		unsigned short seen;

		asm volatile(
		    "fninit\n fldcw %[control]\n fldz\n fld1\n fldpi\n fldl2e\n fldln2\n fldlg2\n"
		    "fldl2t\n fld1\n"
		    "1: cmpl $0, (%[go])\n pause\n je 1b\n"
		    "fnstsw %[sw]\n fnstcw %[seen]\n"
		    "fstpl (%[got])\n fstpl 8(%[got])\n fstpl 16(%[got])\n fstpl 24(%[got])\n"
		    "fstpl 32(%[got])\n fstpl 40(%[got])\n fstpl 48(%[got])\n fstpl 56(%[got])\n"
		    "fninit\n"
		    : [sw] "=m"(status_word), [seen] "=m"(seen)
		    : [control] "m"(control), [go] "r"(go), [got] "r"(got)
		    : "memory", "cc");
		_exit(seen == control && !(status_word & 0x3800) && got[0] == 1 && got[6] == 1 &&
			      got[7] == 0 && got[5] > 3.14159 && got[5] < 3.1416
			  ? 4
			  : 1);
	}
	sleep_ms(50);
	hold();
	*go = 1;
	WANT(waitpid(pid, &status, 0) == pid && status == 4 << 8);
	return NULL;
}

/* Bases of fs and gs, all flags that a program may have, and the direction flag among them */
const char *segments_case(void)
{
	volatile int *go =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static uint64_t area[8] = { 0x5555666677778888 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		uint64_t flags = 0, word = 0, base = 0;

		syscall(SYS_arch_prctl, ARCH_SET_GS, area);
		asm volatile("pushq $0x40cd7\n popfq\n" /* ac id? only what sticks is looked at */
			     "1: testl $-1, (%[go])\n pause\n jz 1b\n"
			     "pushfq\n cld\n popq %[flags]\n pushq $0x202\n popfq\n"
			     "movq %%gs:0, %[word]\n"
			     : [flags] "=&r"(flags), [word] "=&r"(word)
			     : [go] "r"(go)
			     : "memory", "cc");
		syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
		_exit((flags & 0x40400) == 0x40400 && word == area[0] && base == (uintptr_t)area
			  ? 4
			  : 1);
	}
	sleep_ms(50);
	hold();
	*go = 1;
	WANT(waitpid(pid, &status, 0) == pid && status == 4 << 8);
	return NULL;
}

static volatile int watched;

/* A tracer's debug registers: the write that is watched for is after the pause */
const char *breakpoint_case(void)
{
	const size_t dr = offsetof(struct user, u_debugreg);
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		watched = 1;
		_exit(0);
	}
	WANT(waitpid(pid, &status, 0) == pid);
	WANT(!ptrace(PTRACE_POKEUSER, pid, dr, &watched));
	WANT(!ptrace(PTRACE_POKEUSER, pid, dr + 7 * 8, 1UL | 0xdUL << 16));
	hold();
	WANT((uintptr_t)ptrace(PTRACE_PEEKUSER, pid, dr, 0) == (uintptr_t)&watched);
	WANT(!ptrace(PTRACE_CONT, pid, 0, 0));
	WANT(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	WANT(ptrace(PTRACE_PEEKDATA, pid, &watched, 0) == 1);
	WANT(!ptrace(PTRACE_CONT, pid, 0, 0) && waitpid(pid, &status, 0) == pid && !status);
	return NULL;
}
