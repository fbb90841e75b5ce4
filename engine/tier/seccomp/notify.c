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
 * A new process and its new threads introduce themselves in their first notification, sent before
 * any guest code runs in them; that is believed for this reason, and only for what is waited for.
 *
 * Every wait here ends: with a notification, with a signal (SIGCHLD is one, see children.c), or
 * when the listener has lost its last user, of which the host tells while the process is still
 * being taken apart, and it may be large. Nothing of it will run then, so nobody waits for the
 * rest.
 *
 * Host system calls: ioctl and poll on the listener, mmap, kill.
 */
#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "state.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/slots.h"
#include "engine/vcpu/vcpu.h"

#define TID_LIMIT (4U << 20) /* PID_MAX_LIMIT */

static struct stub_thread **tid_table;

int notify_init(struct error *err)
{
	tid_table = mmap(NULL, TID_LIMIT * sizeof(struct stub_thread *), PROT_READ | PROT_WRITE,
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
	/* ENOENT: the thread was killed meanwhile; who waits for it hears so */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

/* The thread that is to introduce itself like this, or NULL */
static struct stub_thread *introduced(struct stub_process *process, const struct seccomp_data *data)
{
	if (data->nr != STUB_NR)
		return NULL;
	if (data->args[0] == STUB_PROCESS)
		return process->service.state == THREAD_NEW ? &process->service : NULL;
	if (data->args[0] != STUB_THREAD)
		return NULL;
	for (struct stub_thread *thread = process->threads; thread; thread = thread->sibling) {
		if (thread->state == THREAD_NEW &&
		    data->args[1] == slots_address(thread->slot) + SLOT_SIZE)
			return thread;
	}
	return NULL;
}

static struct stub_thread *find(struct stub_process *process, const struct seccomp_notif *event)
{
	struct stub_thread *thread;

	if (event->pid >= TID_LIMIT)
		return NULL;
	thread = tid_table[event->pid];
	/* the host gives numbers out again */
	if (thread && thread->process == process && thread->state != THREAD_DEAD)
		return thread;
	thread = introduced(process, &event->data);
	if (thread) {
		thread->tid = event->pid;
		tid_table[event->pid] = thread;
	}
	return thread;
}

/* Nobody is left who could send a notification: since Linux 6.11 before the process has ended */
static bool is_deserted(int listener)
{
	struct pollfd poller = { .fd = listener };

	return poll(&poller, 1, 0) > 0 && poller.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int notify_receive(struct stub_process *process, volatile uint32_t *flag)
{
	struct seccomp_notif event = { 0 };
	struct stub_thread *thread;
	long ret;

	ret = vcpu_wait(process->listener, SECCOMP_IOCTL_NOTIF_RECV, &event, flag);
	if (ret == -EINTR)
		return -EINTR;
	if (ret < 0) { /* ENOENT: somebody was killed between his call and this one, or all are */
		if (!is_deserted(process->listener))
			return 0;
		process_gone(process);
		return -ESRCH;
	}
	telemetry_count(VT_HOST_NOTIFICATIONS, 1);
	thread = find(process, &event);
	if (!thread) {
		send_response(process->listener,
			      &(struct seccomp_notif_resp){ .id = event.id, .error = -EPERM });
		return 0;
	}
	thread->event = event;
	thread_becomes(thread, thread_when_notified(thread));
	return 0;
}

int notify_wait(struct stub_thread *thread)
{
	for (;;) {
		children_heed();
		if (thread->state == THREAD_DEAD)
			return -ESRCH;
		if (thread_waits(thread))
			return 0;
		notify_receive(thread->process, &vcpu_child_died);
	}
}

void notify_reply(struct stub_thread *thread, int64_t value, enum thread_state state)
{
	struct seccomp_notif_resp response = { .id = thread->event.id };

	if (value < 0 && value >= -4095)
		response.error = value;
	else
		response.val = value;
	thread_becomes(thread, state);
	send_response(thread->process->listener, &response);
}

void notify_kill(struct stub_process *process)
{
	struct pollfd poller = { .fd = process->listener };

	if (process->child.pid)
		kill(process->child.pid, SIGKILL);
	for (;;) {
		children_heed();
		if (process_is_gone(process))
			return;
		if (is_deserted(process->listener))
			process_gone(process);
		else
			vcpu_wait_in(SYS_poll, (long)&poller, 1, (void *)-1L, &vcpu_child_died);
	}
}

void notify_forget(struct stub_thread *thread)
{
	if (thread->tid && tid_table[thread->tid] == thread)
		tid_table[thread->tid] = NULL;
	thread->tid = 0;
}
