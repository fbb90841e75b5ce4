/* SPDX-License-Identifier: GPL-2.0-only */
/* notify.c - seccomp notifications
 *
 * Theory of operation
 * Each guest thread has a listener of its own. So whoever waits there gets this thread's events and
 * no others, whichever vCPU it is; and the host, which walks the list of all who wait in a listener
 * whenever a notification is received or answered, walks one.
 *
 * A notification names the host thread by its tid, which the host kernel vouches for; nothing else
 * in it is believed. A new thread introduces itself in its first one, sent before any guest code
 * runs in it.
 *
 * Every wait here ends: with a notification, with a signal (SIGCHLD is one, see children.c), or
 * when the listener has lost its last user, of which the host tells while the process is still
 * being taken apart, and it may be large. The thread will not run any more then, so nobody waits
 * for the rest.
 *
 * Host system calls: ioctl and poll on the listener, kill, close.
 */
#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "state.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/slots.h"
#include "engine/vcpu/vcpu.h"

void notify_listen(struct stub_thread *thread, int listener)
{
	thread->listener = listener;
	/* both ends on one CPU: since Linux 6.6, an optimisation only */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static void send_response(int listener, const struct seccomp_notif_resp *response)
{
	telemetry_count(VT_HOST_REPLIES, 1);
	/* ENOENT: the thread was killed meanwhile; who waits for it hears so */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

static bool is_introduction(const struct stub_thread *thread, const struct seccomp_data *data)
{
	if (thread == &thread->process->service)
		return data->nr == STUB_NR && data->args[0] == STUB_READY;
	return data->nr == STUB_NR && data->args[0] == STUB_THREAD &&
	       data->args[1] == slots_address(thread->slot) + SLOT_SIZE;
}

static bool is_from(struct stub_thread *thread, const struct seccomp_notif *event)
{
	if (thread->state != THREAD_NEW)
		return (pid_t)event->pid == thread->tid;
	thread->tid = event->pid;
	return is_introduction(thread, &event->data);
}

/* Nobody is left who could send a notification: since Linux 6.11 before the process has ended */
static bool is_deserted(int listener)
{
	struct pollfd poller = { .fd = listener };

	return poll(&poller, 1, 0) > 0 && poller.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int notify_receive(struct stub_thread *thread, volatile uint32_t *flag)
{
	struct seccomp_notif event = { 0 };
	long ret;

	ret = vcpu_wait(thread->listener, SECCOMP_IOCTL_NOTIF_RECV, &event, flag);
	if (ret == -EINTR)
		return -EINTR;
	if (ret < 0) { /* ENOENT: it was killed between its call and this one, or before */
		if (!is_deserted(thread->listener))
			return 0;
		thread_becomes(thread, THREAD_DEAD);
		return -ESRCH;
	}
	telemetry_count(VT_HOST_NOTIFICATIONS, 1);
	if (!is_from(thread, &event)) {
		send_response(thread->listener,
			      &(struct seccomp_notif_resp){ .id = event.id, .error = -EPERM });
		return 0;
	}
	thread->event = event;
	thread_becomes(thread, THREAD_REPORTED);
	return 0;
}

int notify_wait(struct stub_thread *thread)
{
	for (;;) {
		children_heed();
		if (thread_is_dead(thread))
			return -ESRCH;
		if (thread_waits(thread))
			return 0;
		notify_receive(thread, vcpu_lost());
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
	send_response(thread->listener, &response);
}

void notify_kill(struct stub_thread *thread)
{
	struct stub_process *process = thread->process;
	struct pollfd poller = { .fd = thread->listener };

	if (process->child.pid)
		kill(process->child.pid, SIGKILL);
	for (;;) {
		children_heed();
		if (!process->child.pid || is_deserted(thread->listener))
			break;
		vcpu_wait_in(SYS_poll, (long)&poller, 1, (void *)-1L, vcpu_lost());
	}
	process_gone(process);
	thread_becomes(thread, THREAD_DEAD);
}

void notify_close(struct stub_thread *thread)
{
	if (thread->listener >= 0)
		close(thread->listener);
	thread->listener = -1;
}
