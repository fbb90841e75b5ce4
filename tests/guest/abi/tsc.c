/* SPDX-License-Identifier: GPL-2.0-only */
/* tsc.c - a program that forbids itself the time stamp counter: prctl(PR_SET_TSC) */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

static sigjmp_buf back;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	siglongjmp(back, info->si_code);
}

static const char *reads(void)
{
	int code = sigsetjmp(back, 1);

	if (code)
		return code == SI_KERNEL ? "SIGSEGV" : "SIGSEGV of another kind";
	return __rdtsc() ? "ok" : "zero";
}

static void show(const char *when)
{
	int mode = -1;

	prctl(PR_GET_TSC, &mode);
	printf("%s: mode %d, rdtsc %s\n", when, mode, reads());
	fflush(stdout);
}

static void *thread(void *unused)
{
	show("in a thread");
	return unused;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	double kept = argc * 1.5;
	pthread_t id;

	(void)argv;
	sigaction(SIGSEGV, &action, NULL);
	if (argc > 1) {
		show("after exec");
		return 0;
	}
	show("at first");
	printf("mode 3: %s\n", prctl(PR_SET_TSC, 3) ? strerrorname_np(errno) : "ok");
	asm volatile("" : "+x"(kept));
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	asm volatile("" : "+x"(kept));
	printf("vector registers are kept: %s\n", kept == 1.5 ? "yes" : "no");
	show("forbidden");
	if (!fork()) {
		show("in a child");
		execl("/proc/self/exe", "tsc", "again", NULL);
	}
	wait(NULL);
	pthread_create(&id, NULL, thread, NULL);
	pthread_join(id, NULL);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	show("allowed");
	if (!fork()) {
		show("in a child");
		_exit(0);
	}
	wait(NULL);
	return 0;
}
