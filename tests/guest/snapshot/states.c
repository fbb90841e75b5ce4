/* SPDX-License-Identifier: GPL-2.0-only */
/* states.c - processes in many states, before and after a pause
 *
 * With SIGUSR1 it writes one line: the number of the report, and which parts did not go on since
 * the last one or have seen something wrong; "all" when there are none.
 */
#include "states.h"
#include <sys/mman.h>
#include <sys/prctl.h>

static const struct {
	const char *name;
	part_run *run;
} parts[] = {
	{ "avx", avx_part },	     { "flags", flags_part },	  { "threads", threads_part },
	{ "robust", robust_part },   { "private", private_part }, { "shared", shared_part },
	{ "deleted", deleted_part }, { "tmpfs", tmpfs_part },	  { "memfd", memfd_part },
	{ "sysv", sysv_part },	     { "pipe", pipe_part },	  { "unix", unix_part },
	{ "tcp", tcp_part },	     { "pty", pty_part },	  { "fork", fork_part },
	{ "ptrace", ptrace_part },   { "stopped", stopped_part }, { "zombie", zombie_part },
	{ "pending", pending_part }, { "handler", handler_part }, { "sleep", sleep_part },
	{ "itimer", itimer_part },   { "timerfd", timerfd_part }, { "epoll", epoll_part },
	{ "inotify", inotify_part }, { "lock", lock_part },	  { "clock", clock_part },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static struct part *state;

static int report(int number)
{
	char bad[1024] = "";

	/* each has the time for another round, on a host that is busy, too */
	for (size_t i = 0; i < PARTS; i++) {
		for (int tries = 0; tries < 600 && state[i].rounds < state[i].told + 2; tries++)
			sleep_ms(50);
		if (state[i].rounds < state[i].told + 2)
			sprintf(bad + strlen(bad), " %s(stands)", parts[i].name);
		if (state[i].wrong)
			sprintf(bad + strlen(bad), " %s(%ld wrong)", parts[i].name, state[i].wrong);
		state[i].told = state[i].rounds;
	}
	printf("report %d:%s\n", number, *bad ? bad : " all");
	fflush(stdout);
	return 0;
}

int main(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	state = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < PARTS; i++) {
		if (fork())
			continue;
		prctl(PR_SET_NAME, parts[i].name);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		parts[i].run(&state[i]);
		state[i].wrong += 1000; /* it gave up */
		for (;;)
			pause();
	}
	for (int number = 1; !sigwait(&set, &sig); number++)
		report(number);
	return 1;
}
