/* SPDX-License-Identifier: GPL-2.0-only */
/* sleepers.c - threads that sleep for long, while others work, wake up as they fell asleep */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 60
#define CALLS 4000 /* long enough for all of them to be forgotten */

static int fds[2];
static atomic_int right, interrupted, handled;

/* The system call with a pattern in every register that it must keep; its result, or -1 */
static long call_keeps(long nr, long a, long b, long c, uint64_t seed)
{
	uint64_t kept[8] = { 0 };
	long ret;

	asm volatile("movq %%rbx, %%xmm9\n"
		     "	mov %%rbx, %%r8\n"
		     "	mov %%rbx, %%r9\n"
		     "	mov %%rbx, %%r10\n"
		     "	mov %%rbx, %%r12\n"
		     "	mov %%rbx, %%r13\n"
		     "	mov %%rbx, %%r14\n"
		     "	mov %[kept], %%r15\n"
		     "	syscall\n"
		     "	mov %%r8, 0(%%r15)\n"
		     "	mov %%r9, 8(%%r15)\n"
		     "	mov %%r10, 16(%%r15)\n"
		     "	mov %%r12, 24(%%r15)\n"
		     "	mov %%r13, 32(%%r15)\n"
		     "	mov %%r14, 40(%%r15)\n"
		     "	mov %%rbx, 48(%%r15)\n"
		     "	movq %%xmm9, 56(%%r15)\n"
		     : "=a"(ret), "+b"(seed)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), [kept] "r"(kept)
		     : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm9",
		       "memory");
	for (unsigned i = 0; i < 8; i++) {
		if (kept[i] != seed)
			return -1;
	}
	return ret;
}

static void on_signal(int sig)
{
	uint64_t x = 0x1111;

	(void)sig;
	asm volatile("movq %0, %%xmm9" ::"r"(x) : "xmm9");
	handled++;
}

static void *sleeper(void *arg)
{
	uint64_t n = (uintptr_t)arg;
	char c;

	if (call_keeps(SYS_read, fds[0], (long)&c, 1, 0x100000001 * (n + 1)) == 1)
		right++;
	if (call_keeps(SYS_pause, 0, 0, 0, 0x300000007 * (n + 1)) == -EINTR)
		interrupted++;
	return NULL;
}

static void work(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
}

static void until(atomic_int *count, int wanted)
{
	while (*count < wanted)
		usleep(1000);
}

/* A debugger looks at one that sleeps */
static void look_at(pid_t tid)
{
	struct user_regs_struct regs = { 0 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (ptrace(PTRACE_ATTACH, tid, 0, 0) || waitpid(tid, &status, __WALL) != tid ||
		    ptrace(PTRACE_GETREGS, tid, 0, &regs))
			_exit(1);
		printf("debugger: call %lld, registers %s\n", (long long)regs.orig_rax,
		       regs.r12 == 0x100000001 && regs.rbx == regs.r12 ? "as they are" : "others");
		_exit(ptrace(PTRACE_DETACH, tid, 0, 0) ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	printf("debugger: %s\n", status ? "failed" : "left");
}

static atomic_int first_tid;

static void *first(void *arg)
{
	first_tid = gettid();
	return sleeper(arg);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t threads[THREADS];
	int status;

	setlinebuf(stdout);
	sigaction(SIGUSR1, &sa, NULL);
	if (pipe(fds))
		return 1;
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, i ? sleeper : first, (void *)i);
	work();
	look_at(first_tid);

	for (int i = 0; i < THREADS; i++)
		pthread_kill(threads[i], SIGUSR1);
	until(&handled, THREADS);
	printf("handlers: %d, and the calls go on\n", handled);
	work();

	for (int i = 0; i < THREADS; i++)
		if (write(fds[1], "x", 1) != 1)
			return 1;
	until(&right, THREADS);
	printf("woken: %d, with their registers\n", right);
	work();

	handled = 0;
	for (int i = 0; i < THREADS; i++)
		pthread_kill(threads[i], SIGUSR1);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("interrupted: %d, after %d handlers\n", interrupted, handled);

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, sleeper, (void *)i);
	work();
	if (!fork()) {
		work();
		_exit(7);
	}
	wait(&status);
	printf("a child: exit %d\n", WEXITSTATUS(status));
	if (!fork()) {
		for (uintptr_t i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, sleeper, (void *)i);
		work();
		execl("/bin/echo", "echo", "exec leaves them behind", (char *)NULL);
	}
	wait(&status);
	puts("exit leaves them behind");
	return 0;
}
