/* SPDX-License-Identifier: GPL-2.0-only */
/* service.c - have a stub process execute host system calls
 *
 * Theory of operation
 * The service thread of a process waits in a notification. The answer is a number of commands,
 * which it reads from its control page; its next notification tells how far it came, and what the
 * last one returned. It runs no guest code, so what it says is believed.
 *
 * Host system calls: those of notify.c.
 */
#include "service.h"

#include <errno.h>

#include "notify.h"
#include "state.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/pages.h"

void service_command(struct stub_process *process, unsigned at, const struct stub_command *command)
{
	pages_command(process->page, at, command);
}

int service_execute(struct stub_process *process, unsigned count)
{
	struct stub_thread *service = &process->service;

	if (!thread_waits(service))
		return -ESRCH;
	telemetry_count(VT_HOST_COMMANDS, 1);
	cputime_ran(&process->cputime, service->tid);
	notify_reply(service, count, THREAD_RUNNING);
	if (notify_wait(service))
		return -ESRCH;
	return service_left(process) ? (int64_t)service->event.data.args[1] : 0;
}

unsigned service_left(const struct stub_process *process)
{
	return process->service.event.data.args[2];
}
