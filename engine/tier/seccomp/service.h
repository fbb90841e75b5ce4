/* SPDX-License-Identifier: GPL-2.0-only */
/* service.h - have a stub process execute host system calls */
#ifndef ENGINE_TIER_SECCOMP_SERVICE_H
#define ENGINE_TIER_SECCOMP_SERVICE_H

#include "stub.h"

/* Write the command that is executed as number @at of the next ones */
void service_command(struct stub_process *process, unsigned at, const struct stub_command *command);

/* Execute @count commands; 0, the first failing call's negative errno value, or -ESRCH */
int service_execute(struct stub_process *process, unsigned count);

/* How many of them were not executed: the one that failed is the first of these */
unsigned service_left(const struct stub_process *process);

#endif
