/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.h - the first stub process, of which all others are copies */
#ifndef ENGINE_TIER_SECCOMP_ZYGOTE_H
#define ENGINE_TIER_SECCOMP_ZYGOTE_H

#include <stdbool.h>
#include <sys/types.h>
#include "vitrine/error.h"

/**
 * struct zygote - the process that the others are copied from
 * @pid:    0 before it runs
 * @socket: the supervisor's end, see stub/layout.h
 * @dead:   it is gone, and with it every new process
 */
struct zygote {
	pid_t pid;
	int socket;
	bool dead;
};

/* Memory files that the stub gets as STUB_FD_* */
struct zygote_files {
	int phys, control, slots;
};

/**
 * zygote_start() - Start the stub program
 * @zygote: filled
 * @files:  closed by the caller when this returns
 * @err:    filled on failure
 *
 * Return: 0 or -1.
 */
int zygote_start(struct zygote *zygote, const struct zygote_files *files, struct error *err);

/**
 * zygote_execute() - Have it execute the commands in its control page
 * @count: of them, at least 1
 *
 * Return: 0, the first failing call's negative errno value, or -ESRCH when it has died.
 */
int zygote_execute(struct zygote *zygote, unsigned count);

/**
 * zygote_clone() - Execute the clone command in its control page, and wait for the new process
 * @died: looked at while waiting: true ends the wait
 *
 * Return: the new process's seccomp listener, which the caller owns, or a negative errno value:
 * EINVAL and EACCES are the host's refusal of the filter.
 */
int zygote_clone(struct zygote *zygote, const volatile bool *died);

#endif
