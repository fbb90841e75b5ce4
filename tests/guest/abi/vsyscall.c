/* SPDX-License-Identifier: GPL-2.0-only */
/* vsyscall.c - the page that programs older than the vDSO call: what works there, and what does not
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define PAGE_START 0xffffffffff600000UL

static long (*const page_gettimeofday)(struct timeval *, void *) = (void *)PAGE_START;
static long (*const page_time)(time_t *) = (void *)(PAGE_START + 0x400);
static long (*const page_getcpu)(unsigned *, unsigned *) = (void *)(PAGE_START + 0x800);

static sigjmp_buf back;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	printf("%s code %d addr %p\n", sig == SIGSEGV ? "SIGSEGV" : "?", info->si_code,
	       info->si_addr);
	siglongjmp(back, 1);
}

static const char *same(long a, long b)
{
	return a - b <= 1 && b - a <= 1 ? "the clock's" : "another";
}

static void calls(const char *when)
{
	struct timeval now = { 0 };
	unsigned cpu = 99;
	time_t stored = 0;
	long ret = page_time(&stored);

	printf("%s: time %s, stored %s\n", when, same(ret, time(NULL)), same(stored, ret));
	ret = page_gettimeofday(&now, NULL);
	printf("%s: gettimeofday %ld, %s\n", when, ret, same(now.tv_sec, time(NULL)));
	/* until it was not moved to another one between the two */
	do {
		ret = page_getcpu(&cpu, NULL);
	} while (!ret && cpu != (unsigned)sched_getcpu());
	printf("%s: getcpu %ld, as the system call\n", when, ret);
}

static void show_line(void)
{
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps) {
		perror("/proc/self/maps");
		return;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[vsyscall]"))
			printf("%.45s [vsyscall]\n", line);
	}
	fclose(maps);
}

/* Filters run with the caller's registers complete, and so does whatever happens after them */
static void install_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		perror("seccomp");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGSEGV, &sa, NULL);
	show_line();
	calls("plain");
	install_filter();
	calls("with a filter");
	printf("reading: ");
	if (!sigsetjmp(back, 1))
		printf("%d\n", *(volatile char *)PAGE_START);
	printf("between two entries: ");
	if (!sigsetjmp(back, 1))
		((void (*)(void))(PAGE_START + 1))();
	return 0;
}
