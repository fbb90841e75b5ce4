/* SPDX-License-Identifier: GPL-2.0-only */
/* xstate.c - vector registers over signals, fork, threads and a debugger's look */
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t in[8] __attribute__((aligned(64))), out[8] __attribute__((aligned(64)));
static int wide;

static void load(uint64_t seed)
{
	for (int i = 0; i < 8; i++)
		in[i] = seed * (i + 1);
	if (wide == 64)
		asm volatile("vmovdqa64 %0, %%zmm9; vmovdqa64 %0, %%zmm21" ::"m"(in) : "memory");
	else if (wide == 32)
		asm volatile("vmovdqa %0, %%ymm9" ::"m"(in) : "memory");
	else
		asm volatile("movdqa %0, %%xmm9" ::"m"(in) : "memory");
}

static int same(uint64_t seed)
{
	memset(out, 0, sizeof(out));
	if (wide == 64)
		asm volatile("vmovdqa64 %%zmm9, %0" : "=m"(out)::"memory");
	else if (wide == 32)
		asm volatile("vmovdqa %%ymm9, %0" : "=m"(out)::"memory");
	else
		asm volatile("movdqa %%xmm9, %0" : "=m"(out)::"memory");
	for (int i = 0; i < wide / 8; i++)
		if (out[i] != seed * (i + 1))
			return 0;
	return 1;
}

static void on_signal(int sig)
{
	(void)sig;
	load(99);
}

static pid_t raw(long nr)
{
	pid_t ret;

	asm volatile("syscall" : "=a"(ret) : "0"(nr) : "rcx", "r11", "memory");
	return ret;
}

static void signals(void)
{
	pid_t pid = getpid();
	long ret;

	signal(SIGUSR1, on_signal);
	load(3);
	asm volatile("syscall"
		     : "=a"(ret)
		     : "0"(62L), "D"((long)pid), "S"((long)SIGUSR1)
		     : "rcx", "r11", "memory");
	printf("after a handler: %s\n", same(3) ? "kept" : "lost");
}

static void forks(void)
{
	int status;
	pid_t pid;

	load(5);
	pid = raw(57);
	if (pid == 0)
		_exit(same(5));
	printf("after fork: %s in the parent\n", same(5) ? "kept" : "lost");
	waitpid(pid, &status, 0);
	printf("after fork: %s in the child\n", WEXITSTATUS(status) ? "kept" : "lost");
}

static void *spin(void *seed)
{
	int good = 1;

	load((uint64_t)seed);
	for (int i = 0; i < 2000 && good; i++) {
		raw(i & 15 ? 39 : 24); /* getpid, sched_yield */
		asm volatile("" ::: "memory");
	}
	return (void *)(long)(good && same((uint64_t)seed));
}

static void threads(void)
{
	pthread_t t;
	void *good;

	/* in and out are shared: one thread checks after the other has ended */
	pthread_create(&t, NULL, spin, (void *)7);
	pthread_join(t, &good);
	printf("in a thread: %s\n", good ? "kept" : "lost");
}

static void debugger(void)
{
	static uint8_t image[16384];
	struct iovec iov = { image, sizeof(image) };
	struct user_fpregs_struct fp;
	uint64_t features;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		load(11);
		raw(39);
		asm volatile("int3");
		_exit(same(13 * 0 + 12));
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_GETFPREGS, pid, 0, &fp);
	printf("debugger: xmm9 %u %u\n", fp.xmm_space[9 * 4], fp.xmm_space[9 * 4 + 2]);
	if (ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov))
		perror("GETREGSET");
	memcpy(&features, image + 464, 8);
	printf("debugger: xsave image %s, x87 and SSE %s\n",
	       iov.iov_len > 576 ? "complete" : "short",
	       (features & 3) == 3 ? "enabled" : "missing");
	if (wide < 32) {
		memset(image + 160 + 9 * 16, 0, 16);
	}
	for (int i = 0; i < 2; i++)
		((uint64_t *)(image + 160 + 9 * 16))[i] = 12 * (i + 1);
	wide = 16;
	if (ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov))
		perror("SETREGSET");
	ptrace(PTRACE_GETFPREGS, pid, 0, &fp);
	printf("debugger: changed to %u %u\n", fp.xmm_space[9 * 4], fp.xmm_space[9 * 4 + 2]);
	ptrace(PTRACE_KILL, pid, 0, 0);
	waitpid(pid, &status, 0);
}

int main(void)
{
	wide = __builtin_cpu_supports("avx512f") ? 64 : __builtin_cpu_supports("avx") ? 32 : 16;
	setvbuf(stdout, NULL, _IONBF, 0);
	signals();
	forks();
	threads();
	debugger();
	return 0;
}
