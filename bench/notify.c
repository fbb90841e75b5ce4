// SPDX-License-Identifier: GPL-2.0-only
/* notify.c - the host's bare seccomp notification round trip, which no system call can beat here
 *
 * A child makes a call that its filter turns into a notification; the parent receives it and
 * answers, and does nothing else. Prints one "@@ notify-bare NANOSECONDS".
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static volatile int *listener; /* a number in the descriptor table that both share */

static void child(void)
{
	struct sock_filter program[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
		{ BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_getppid },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF },
		{ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	struct sock_fprog prog = { sizeof(program) / sizeof(program[0]), program };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	*listener = (int)syscall(
	    SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
	for (;;)
		syscall(SYS_getppid);
}

static void do_round_trip(void *context)
{
	struct seccomp_notif event;

	(void)context;
	memset(&event, 0, sizeof(event));
	need(ioctl(*listener, SECCOMP_IOCTL_NOTIF_RECV, &event) == 0, "receive");
	ioctl(*listener, SECCOMP_IOCTL_NOTIF_SEND, &(struct seccomp_notif_resp){ .id = event.id });
}

int main(void)
{
	pid_t pid;

	settings.samples = 9;
	listener = mmap(NULL, sizeof(*listener), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	need(listener != MAP_FAILED, "mmap");
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	need(pid >= 0, "clone");
	if (pid == 0)
		child();
	while (!*listener)
		sched_yield();
	need(*listener > 0, "seccomp user notification");
	ioctl(*listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	printf("@@ notify-bare %.1f\n", measure(do_round_trip, NULL, 1));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
