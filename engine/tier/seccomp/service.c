/* SPDX-License-Identifier: GPL-2.0-only */
/* service.c - have a stub process execute host system calls
 *
 * Theory of operation
 * The service thread of a process waits in a notification. The answer is a number of commands,
 * which it reads from its control page; its next notification tells how far it came, and what the
 * last one returned. The host wakes it, and us, on the CPU that we are on, which it does for
 * notifications alone: a socket would go to another CPU whenever one is idle, for 20 us each time.
 * Threads are made by the mother, which has no listener that they would inherit: she waits in the
 * process's channel. Both run no guest code, so what they say is believed. Whichever vCPU wants
 * something has the process's lock from its first command to the answer.
 *
 * Host system calls: poll, and those of channel.c and notify.c.
 */
#include "service.h"

#include <errno.h>
#include <poll.h>

#include "notify.h"
#include "state.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/channel.h"
#include "engine/tier/seccomp/host/pages.h"

void service_command(struct stub_process *process, unsigned at, const struct stub_command *command)
{
	pages_command(process->page, at, command);
}

/* It has answered, or will not any more: nobody looks around meanwhile, see host/lock.h */
static int await(struct stub_process *process)
{
	struct pollfd mother = { .fd = process->socket };

	for (;;) {
		if (thread_waits(&process->service))
			return 0;
		if (thread_is_dead(&process->service))
			return -ESRCH;
		if (notify_receive(&process->service, vcpu_lost()) != -EINTR)
			continue;
		*vcpu_lost() = 0; /* before the look */
		if (poll(&mother, 1, 0) > 0 && mother.revents & POLLHUP)
			process_gone(process);
	}
}

int service_ready(struct stub_process *process)
{
	return await(process);
}

int service_execute(struct stub_process *process, unsigned count)
{
	struct stub_thread *service = &process->service;
	int gone;

	if (process_is_gone(process) || !thread_waits(service))
		return -ESRCH;
	telemetry_count(VT_HOST_COMMANDS, 1);
	cputime_ran(&process->cputime, process->pid);
	process->left = 0;
	notify_reply(service, count, THREAD_RUNNING);
	gone = await(process);
	cputime_left();
	if (gone) {
		process_gone(process);
		return -ESRCH;
	}
	process->left = service->event.data.args[2];
	return process->left ? (int64_t)service->event.data.args[1] : 0;
}

int service_mother(struct stub_process *process, unsigned count)
{
	int err;

	if (process_is_gone(process))
		return -ESRCH;
	telemetry_count(VT_HOST_COMMANDS, 1);
	cputime_ran(&process->cputime, process->pid);
	process->left = 0;
	err = channel_send(process->socket, count);
	if (!err)
		err = channel_answer(process->reply, &process->left);
	cputime_left();
	if (err == -ESRCH && !process->left)
		process_gone(process);
	return err;
}
