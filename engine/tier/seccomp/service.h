/* SPDX-License-Identifier: GPL-2.0-only */
/* service.h - have a stub process execute host system calls; the caller has the process's lock */
#ifndef ENGINE_TIER_SECCOMP_SERVICE_H
#define ENGINE_TIER_SECCOMP_SERVICE_H

#include "stub.h"

/* Write the command that is executed as number @at, below CONTROL_COMMANDS */
void service_command(struct stub_process *process, unsigned at, const struct stub_command *command);

/**
 * service_execute() - Execute the first @count commands
 *
 * Return: 0, the first failing call's negative errno value, with its number counted from the end in
 * @process->left, or -ESRCH when the process is gone.
 */
int service_execute(struct stub_process *process, unsigned count);

/* The same by the process's first thread, whose copies of itself have no listener */
int service_mother(struct stub_process *process, unsigned count);

/* Wait until a new service thread takes commands; 0 or -ESRCH */
int service_ready(struct stub_process *process);

#endif
