/* SPDX-License-Identifier: GPL-2.0-only */
/* notify.c - seccomp notifications
 *
 * Theory of operation
 * All stub processes share one listener. A notification names the host thread by its tid, which the
 * host kernel vouches for; nothing else in it is believed. tid_table maps it to the thread's
 * record. A record has room for one event because a thread can only be in one system call.
 *
 * Host system calls: ioctl on the listener, mmap.
 */
#include "notify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stubproc.h"
#include "telemetry.h"
#include "vcpu.h"

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

#define TID_LIMIT (4U << 20) /* PID_MAX_LIMIT */

static int listener = -1;
static notify_unknown_fn unknown_thread;
static struct host_thread **tid_table;

int notify_init(int fd, notify_unknown_fn unknown, struct error *err)
{
	listener = fd;
	unknown_thread = unknown;
	tid_table = mmap(NULL, TID_LIMIT * sizeof(*tid_table), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (tid_table == MAP_FAILED)
		return error_set(err, errno, "cannot allocate the thread table");
	/* both ends on one CPU: since Linux 6.6, an optimisation only */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return 0;
}

static void send_response(const struct seccomp_notif_resp *response)
{
	telemetry_count(VT_HOST_REPLIES, 1);
	/* ENOENT: the thread was killed meanwhile, SIGCHLD tells the rest */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

int notify_receive(volatile uint32_t *flag)
{
	struct seccomp_notif event;
	struct host_thread *thread;
	long ret;

	do {
		memset(&event, 0, sizeof(event));
		ret = vcpu_wait(listener, SECCOMP_IOCTL_NOTIF_RECV, &event, flag);
	} while (ret == -ENOENT); /* killed between its call and our receiving it */
	if (ret < 0)
		return -EINTR;

	telemetry_count(VT_HOST_NOTIFICATIONS, 1);
	if (event.pid >= TID_LIMIT)
		return 0;
	thread = tid_table[event.pid];
	if (!thread || thread->dead) { /* the host gives numbers out again */
		thread = unknown_thread(&event);
		if (!thread) {
			send_response(
			    &(struct seccomp_notif_resp){ .id = event.id, .error = -EPERM });
			return 0;
		}
		thread->tid = event.pid;
		tid_table[event.pid] = thread;
	}
	thread->event = event;
	thread->stopped = true;
	return 0;
}

int notify_wait(struct host_thread *thread)
{
	while (!thread->stopped) {
		if (vcpu_child_died)
			stub_reap();
		if (thread->dead)
			return -ESRCH;
		notify_receive(&vcpu_child_died);
	}
	return 0;
}

void notify_reply(struct host_thread *thread, int64_t value)
{
	struct seccomp_notif_resp response = { .id = thread->event.id };

	if (value < 0 && value >= -4095)
		response.error = value;
	else
		response.val = value;
	thread->stopped = false;
	send_response(&response);
}

void notify_continue(struct host_thread *thread)
{
	thread->stopped = false;
	send_response(&(struct seccomp_notif_resp){ .id = thread->event.id,
						    .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE });
}

void notify_forget(struct host_thread *thread)
{
	if (thread->tid && tid_table[thread->tid] == thread)
		tid_table[thread->tid] = NULL;
	thread->tid = 0;
	thread->stopped = false;
}
