/* SPDX-License-Identifier: GPL-2.0-only */
/* service.c - have a stub process execute host system calls
 *
 * Theory of operation
 * The service thread of a process waits in its channel. It is told a number of commands, which it
 * reads from its control page, and answers with the result of the one that failed, and how far it
 * came. Whichever vCPU wants something of it has the process's lock from its first command to the
 * answer.
 *
 * Host system calls: those of channel.c.
 */
#include "service.h"

#include <errno.h>

#include "state.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/seccomp/host/channel.h"
#include "engine/tier/seccomp/host/pages.h"

void service_command(struct stub_process *process, unsigned at, const struct stub_command *command)
{
	pages_command(process->page, at, command);
}

int service_execute(struct stub_process *process, unsigned count)
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
	if (err == -ESRCH && !process->left)
		process_gone(process);
	return err;
}
