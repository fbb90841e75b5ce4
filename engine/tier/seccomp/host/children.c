/* SPDX-License-Identifier: GPL-2.0-only */
/* children.c - the host processes of a sandbox, and who wants to hear of their death
 *
 * Theory of operation
 * SIGCHLD interrupts whatever a vCPU's thread waits in and sets a flag. Code that waits for a child
 * looks at the flag before it waits (again), and asks here. Each death is told once, to the owner
 * of the child, and then to all vCPUs, whose waits end once more (vcpu_lost). So no wait needs to
 * know of any other, and none outlives the child that it is for.
 *
 * The zygote makes children and does not know their pids: the first sign of a new process is its
 * own message, or its death. Only one is made at a time, so a death of an unknown pid is that
 * one's.
 *
 * Host system calls: wait4, kill, pause.
 */
#include "children.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lock.h"

#define BUCKETS 1024

static struct child *buckets[BUCKETS];
static pid_t group, stranger;

void children_init(pid_t leader)
{
	group = leader;
}

void children_add(struct child *child, pid_t pid, void (*died)(struct child *child))
{
	struct child **bucket = &buckets[pid % BUCKETS];

	*child = (struct child){ .pid = pid, .died = died, .next = *bucket };
	if (pid != stranger) {
		*bucket = child;
		return;
	}
	stranger = 0;
	child->pid = 0;
	died(child);
}

static struct child *take(pid_t pid)
{
	for (struct child **at = &buckets[pid % BUCKETS]; *at; at = &(*at)->next) {
		struct child *child = *at;

		if (child->pid != pid)
			continue;
		*at = child->next;
		return child;
	}
	return NULL;
}

void children_look(void)
{
	bool any = false;
	pid_t pid;
	WITH_LOCK(&tier_lock);

	vcpu_child_died = 0; /* first: who dies from here on sets it again */
	while (group > 0 && (pid = waitpid(-group, NULL, WNOHANG | __WALL)) > 0) {
		struct child *child = take(pid);

		any = true;
		if (!child) {
			stranger = pid;
			continue;
		}
		child->pid = 0;
		child->died(child);
	}
	if (any)
		vcpu_tell_lost();
}

void children_await(void)
{
	vcpu_wait_in(SYS_pause, 0, 0, NULL, vcpu_lost());
	children_heed();
}

pid_t children_stranger(void)
{
	return stranger;
}

void children_forget_stranger(void)
{
	stranger = 0;
}

void children_kill(void)
{
	if (group <= 0)
		return;
	kill(-group, SIGKILL);
	while (waitpid(-group, NULL, __WALL) > 0 || errno == EINTR)
		;
}
