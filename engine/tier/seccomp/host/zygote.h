/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.h - the first stub process, of which all others are copies */
#ifndef ENGINE_TIER_SECCOMP_ZYGOTE_H
#define ENGINE_TIER_SECCOMP_ZYGOTE_H

#include <stdbool.h>
#include <sys/types.h>
#include "engine/tier/seccomp/host/children.h"
#include "engine/vcpu/cputime.h"
#include "vitrine/error.h"

/**
 * struct zygote - the process that the others are copied from
 * @child:  its pid is 0 before it runs, and when it is dead, and with it every new process
 * @socket: the supervisor's end, see stub/layout.h
 * @cputime: what it took of the CPU
 * @answers: it has an answer to give that nobody has waited for yet
 */
struct zygote {
	struct child child;
	int socket;
	struct cputime_process cputime;
	bool answers;
};

/* Memory files that the stub gets as STUB_FD_* */
struct zygote_files {
	int phys, control, slots;
};

/**
 * struct zygote_child - a copy
 * @pid:      0 when there is none, or it has died before it could say anything
 * @socket: its channel, which the caller owns, or -1
 * @reply:  the pipe that it answers through, likewise
 */
struct zygote_child {
	pid_t pid;
	int socket, reply;
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
 * zygote_clone() - Make a new process
 * @page:  its control page
 * @child: filled, as far as there is a process, on failure too
 *
 * Return: 0 or a negative errno value.
 */
int zygote_clone(struct zygote *zygote, unsigned page, struct zygote_child *child);

/**
 * zygote_memory() - Copies have another memory file from now on
 * @phys: it, which stays the caller's
 *
 * It is not waited for: who wants the next thing of the zygote hears when that has failed.
 *
 * Return: 0 or a negative errno value, after which the zygote is of no use.
 */
int zygote_memory(struct zygote *zygote, int phys);

#endif
