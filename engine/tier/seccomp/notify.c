/* SPDX-License-Identifier: GPL-2.0-only */
/* notify.c - seccomp notifications
 *
 * Theory of operation
 * Each stub process has a listener of its own: the host walks a list of all threads that wait in
 * notifications of one listener whenever one is received or answered, and sleeping threads wait
 * there. A notification names the host thread by its tid, which the host kernel vouches for;
 * nothing else in it is believed. tid_table maps it to the thread's record, which must be of the
 * same process. A record has room for one event because a thread can only be in one system call.
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
#include "engine/telemetry/telemetry.h"
#include "engine/vcpu/vcpu.h"

#define TID_LIMIT (4U << 20) /* PID_MAX_LIMIT */

static notify_unknown_fn unknown_thread;
static struct host_thread **tid_table;

int notify_init(notify_unknown_fn unknown, struct error *err)
{
	unknown_thread = unknown;
	tid_table = mmap(NULL, TID_LIMIT * sizeof(*tid_table), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (tid_table == MAP_FAILED)
		return error_set(err, errno, "cannot allocate the thread table");
	return 0;
}

void notify_listen(int listener)
{
	/* both ends on one CPU: since Linux 6.6, an optimisation only */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static void send_response(int listener, const struct seccomp_notif_resp *response)
{
	telemetry_count(VT_HOST_REPLIES, 1);
	/* ENOENT: the thread was killed meanwhile, SIGCHLD tells the rest */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

int notify_receive(int listener, volatile uint32_t *flag)
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
	/* the host gives numbers out again */
	if (!thread || thread->dead || thread->listener != listener) {
		thread = unknown_thread(listener, &event);
		if (!thread) {
			send_response(listener, &(struct seccomp_notif_resp){ .id = event.id,
									      .error = -EPERM });
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
		notify_receive(thread->listener, &vcpu_child_died);
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
	send_response(thread->listener, &response);
}

void notify_forget(struct host_thread *thread)
{
	if (thread->tid && tid_table[thread->tid] == thread)
		tid_table[thread->tid] = NULL;
	thread->tid = 0;
	thread->stopped = false;
}
